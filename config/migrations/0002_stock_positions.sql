-- The newest stock position of each product in each branch. Times are compared as instants; what
-- was received stays beside them, unchanged. The keys compare as bytes ("C"), which is how workers
-- sort their batches, so that two workers lock common rows in the same order. Nothing that changes
-- is indexed, and pages keep room, so that an update stays on its page (HOT).

CREATE TABLE esteira.estoque_posicao (
    codigo_barra    text COLLATE "C" NOT NULL,
    filial          text COLLATE "C" NOT NULL,
    nome_produto    text NOT NULL,
    qtd_estoque     integer NOT NULL CHECK (qtd_estoque >= 0),
    data_posicao    text NOT NULL,         -- As received.
    instante        timestamptz NOT NULL,  -- What data_posicao means.
    item            json NOT NULL,         -- The whole item as received.
    inserido_em     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (codigo_barra, filial)
) WITH (fillfactor = 70);

GRANT SELECT, INSERT, UPDATE ON esteira.estoque_posicao TO esteira_worker_stock;
GRANT SELECT ON esteira.estoque_posicao TO esteira_readonly;
