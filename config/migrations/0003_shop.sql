-- The e-commerce: customers, products, orders with their lines, carts. What belongs to a customer is
-- spread by cliente_id. Keys compare as bytes ("C"), which is how workers sort what they lock.
-- Needs whoever may create roles, unless esteira_worker_orders is there already.

SET LOCAL ROLE NONE;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'esteira_worker_orders') THEN
        CREATE ROLE esteira_worker_orders LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
            NOBYPASSRLS CONNECTION LIMIT 20;
        ALTER ROLE esteira_worker_orders SET search_path = esteira, pg_catalog;
        ALTER ROLE esteira_worker_orders SET statement_timeout = '15s';
        ALTER ROLE esteira_worker_orders SET lock_timeout = '3s';
        ALTER ROLE esteira_worker_orders SET idle_in_transaction_session_timeout = '30s';
        ALTER ROLE esteira_worker_orders SET client_connection_check_interval = '5s';
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO esteira_worker_orders', current_database());
END
$$;

SET LOCAL ROLE esteira_owner;

GRANT USAGE ON SCHEMA esteira TO esteira_worker_orders;
GRANT SELECT ON esteira.schema_version TO esteira_worker_orders;

-- A row whose instante is NULL is known by its id alone: an order or a cart speaks of the customer.
-- It is what writers lock, so that a customer and the orders of the customer wait for each other.
CREATE TABLE esteira.clientes (
    cliente_id      text COLLATE "C" NOT NULL PRIMARY KEY,
    nome            text,
    email           text,
    endereco        text,
    data_nascimento date,
    preferencias    json,
    instante        timestamptz,  -- Of this version.
    item            json,         -- The whole customer as received.
    inserido_em     timestamptz NOT NULL DEFAULT now()
) PARTITION BY HASH (cliente_id);

-- Likewise, locked by whoever changes the stock. `estoque` is what the newest count said, at
-- `instante`; `movimento` is what orders have taken since (negative) and given back.
CREATE TABLE esteira.produtos (
    produto_id         text COLLATE "C" NOT NULL PRIMARY KEY,
    nome               text,
    descricao          text,
    categoria          text,
    preco              numeric(14, 2),
    estoque            bigint,
    movimento          bigint NOT NULL DEFAULT 0,
    estoque_disponivel bigint GENERATED ALWAYS AS (estoque + movimento) STORED,
    instante           timestamptz,
    item               json,
    inserido_em        timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

-- An order is read from its row alone: lines and customer stand in it.
CREATE TABLE esteira.pedidos (
    cliente_id        text COLLATE "C" NOT NULL,
    pedido_id         text COLLATE "C" NOT NULL,
    data              timestamptz NOT NULL,
    status            text NOT NULL,
    etapa             integer NOT NULL,  -- 0 Pendente, 1 Enviado, 2 Entregue, 3 Cancelado.
    total             numeric(14, 2) NOT NULL,
    itens             jsonb NOT NULL,    -- [{item_id, produto_id, quantidade, preco_unitario}]
    cliente           json,  -- As embedded in the order, else the customer as is now, in short.
    cliente_embutido  boolean NOT NULL,
    instante          timestamptz NOT NULL,
    item              json NOT NULL,
    inserido_em       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cliente_id, pedido_id)
) PARTITION BY HASH (cliente_id);
CREATE INDEX pedidos_pedido_id ON esteira.pedidos (pedido_id);
CREATE INDEX pedidos_por_data ON esteira.pedidos (cliente_id, data DESC);

CREATE TABLE esteira.carrinhos (
    cliente_id  text COLLATE "C" NOT NULL,
    carrinho_id text COLLATE "C" NOT NULL,
    itens       jsonb NOT NULL,  -- [{produto_id, quantidade, preco_unitario}]
    total       numeric(14, 2) NOT NULL,
    instante    timestamptz NOT NULL,
    item        json NOT NULL,
    inserido_em timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (cliente_id, carrinho_id)
) PARTITION BY HASH (cliente_id);

-- What the newest version of an order takes of a product, and when it gave it back. A new count of
-- the product looks here for what has happened since.
CREATE TABLE esteira.estoque_movimentos (
    produto_id   text COLLATE "C" NOT NULL,
    cliente_id   text COLLATE "C" NOT NULL,
    pedido_id    text COLLATE "C" NOT NULL,
    quantidade   bigint NOT NULL,      -- 0: the order has it no more.
    saida_em     timestamptz NOT NULL,
    devolucao_em timestamptz,
    ultimo_em    timestamptz NOT NULL GENERATED ALWAYS AS (greatest(saida_em, devolucao_em)) STORED,
    PRIMARY KEY (produto_id, cliente_id, pedido_id)
) PARTITION BY HASH (produto_id);
CREATE INDEX estoque_movimentos_por_tempo ON esteira.estoque_movimentos (produto_id, ultimo_em);

DO $$
DECLARE
    part text;
    number integer;
BEGIN
    FOREACH part IN ARRAY ARRAY['clientes', 'pedidos', 'carrinhos', 'estoque_movimentos'] LOOP
        FOR number IN 0..7 LOOP
            EXECUTE format('CREATE TABLE esteira.%I PARTITION OF esteira.%I'
                           ' FOR VALUES WITH (MODULUS 8, REMAINDER %s) WITH (fillfactor = 80)',
                           part || '_p' || number, part, number);
        END LOOP;
    END LOOP;
END
$$;

-- The lines of all orders, a row each, for whoever asks by product.
CREATE VIEW esteira.itens_pedido AS
SELECT p.cliente_id, p.pedido_id, p.data, p.status, l.item_id, l.produto_id, l.quantidade,
       l.preco_unitario
FROM esteira.pedidos AS p,
     jsonb_to_recordset(p.itens) AS l(item_id text, produto_id text, quantidade bigint,
                                      preco_unitario numeric(14, 2));

GRANT SELECT, INSERT, UPDATE ON esteira.clientes, esteira.produtos, esteira.pedidos,
    esteira.carrinhos, esteira.estoque_movimentos TO esteira_worker_orders;
GRANT SELECT ON esteira.clientes, esteira.produtos, esteira.pedidos, esteira.carrinhos,
    esteira.estoque_movimentos, esteira.itens_pedido TO esteira_readonly;
