-- The speed layer: what a shop's visitors did lately. Everything belongs to the day (UTC) of the event
-- that it counts, and goes with its partition; what comes of a day that has none lies in the default
-- partition. Counters are not idempotent, so the inbox says which messages are in them.
-- Needs whoever may create roles, unless esteira_worker_clicks is there already.

SET LOCAL ROLE NONE;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'esteira_worker_clicks') THEN
        CREATE ROLE esteira_worker_clicks LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
            NOBYPASSRLS CONNECTION LIMIT 20;
        ALTER ROLE esteira_worker_clicks SET search_path = esteira, pg_catalog;
        ALTER ROLE esteira_worker_clicks SET statement_timeout = '15s';
        ALTER ROLE esteira_worker_clicks SET lock_timeout = '3s';
        ALTER ROLE esteira_worker_clicks SET idle_in_transaction_session_timeout = '30s';
        ALTER ROLE esteira_worker_clicks SET client_connection_check_interval = '5s';
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO esteira_worker_clicks', current_database());
END
$$;

SET LOCAL ROLE esteira_owner;

GRANT USAGE ON SCHEMA esteira TO esteira_worker_clicks;
GRANT SELECT ON esteira.schema_version TO esteira_worker_clicks;

-- Messages whose effect is in the tables below, by the origin that redrives and replays keep. Their
-- day is that of their newest event, so that a row goes with the last counter that it vouches for; it
-- is no part of the key, since an event of tomorrow may be refused today and taken later.
CREATE TABLE esteira.inbox_clicks (
    origem text COLLATE "C" NOT NULL PRIMARY KEY,
    dia    date NOT NULL
);
GRANT SELECT, INSERT ON esteira.inbox_clicks TO esteira_worker_clicks;
GRANT SELECT ON esteira.inbox_clicks TO esteira_readonly;

CREATE TABLE esteira.interacoes (
    dia           date NOT NULL,
    user_id       bigint NOT NULL,
    instante      timestamptz NOT NULL,
    event_type    text NOT NULL,
    product_id    bigint,
    category_id   bigint,
    category_code text,
    brand         text,
    price         numeric(14, 2),
    user_session  text,
    search_text   text
) PARTITION BY RANGE (dia);
CREATE INDEX interacoes_de_quem ON esteira.interacoes (user_id, instante DESC);

CREATE TABLE esteira.contagem_minuto (
    dia        date NOT NULL,
    user_id    bigint NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    minuto     timestamptz NOT NULL,
    eventos    bigint NOT NULL,
    PRIMARY KEY (user_id, minuto, event_type, dia)
) PARTITION BY RANGE (dia);

CREATE TABLE esteira.visitantes_dia (
    dia     date NOT NULL,
    user_id bigint NOT NULL,
    PRIMARY KEY (dia, user_id)
) PARTITION BY RANGE (dia);

-- What is of no category or brand is counted under ''.
CREATE TABLE esteira.contagem_categoria (
    dia           date NOT NULL,
    hora          timestamptz NOT NULL,
    category_code text COLLATE "C" NOT NULL,
    event_type    text COLLATE "C" NOT NULL,
    eventos       bigint NOT NULL,
    PRIMARY KEY (dia, hora, category_code, event_type)
) PARTITION BY RANGE (dia);

CREATE TABLE esteira.contagem_marca (
    dia        date NOT NULL,
    hora       timestamptz NOT NULL,
    brand      text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    eventos    bigint NOT NULL,
    PRIMARY KEY (dia, hora, brand, event_type)
) PARTITION BY RANGE (dia);

-- What became last of a product in the cart of a session, on a day. Of events of one time: bought,
-- then taken out, then put in. It is open when it was put in and nothing more.
CREATE TABLE esteira.carrinhos_abertos (
    dia          date NOT NULL,
    user_id      bigint NOT NULL,
    user_session text COLLATE "C" NOT NULL,
    product_id   bigint NOT NULL,
    event_type   text NOT NULL,      -- cart, remove_from_cart or purchase.
    etapa        integer NOT NULL,   -- 0, 1, 2.
    instante     timestamptz NOT NULL,
    price        numeric(14, 2),
    PRIMARY KEY (user_id, user_session, product_id, dia)
) PARTITION BY RANGE (dia);

-- A user's events in a window of event time. The rows of `alertas` are what somebody has to be told.
CREATE TABLE esteira.janelas (
    dia     date NOT NULL,
    user_id bigint NOT NULL,
    janela  timestamptz NOT NULL,  -- When it begins.
    eventos bigint NOT NULL,
    PRIMARY KEY (dia, user_id, janela)
) PARTITION BY RANGE (dia);

CREATE TABLE esteira.alertas (
    dia       date NOT NULL,
    user_id   bigint NOT NULL,
    janela    timestamptz NOT NULL,
    nivel     text COLLATE "C" NOT NULL CHECK (nivel IN ('suspeita', 'ataque')),
    eventos   bigint NOT NULL,
    criado_em timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (dia, user_id, janela, nivel)
) PARTITION BY RANGE (dia);
CREATE INDEX alertas_de_quem ON esteira.alertas (user_id, janela DESC);

-- The tables that are kept by day, in the order in which the worker's statement locks them.
CREATE FUNCTION esteira.tabelas_por_dia() RETURNS SETOF name
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT unnest('{interacoes, contagem_minuto, visitantes_dia, contagem_categoria, contagem_marca,
                    carrinhos_abertos, janelas, alertas}'::name[])
$$;

DO $$
DECLARE
    tabela name;
BEGIN
    FOR tabela IN SELECT esteira.tabelas_por_dia() LOOP
        EXECUTE format('CREATE TABLE esteira.%I PARTITION OF esteira.%I DEFAULT',
                       tabela || '_outros', tabela);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON esteira.%I TO esteira_worker_clicks', tabela);
        EXECUTE format('GRANT SELECT ON esteira.%I TO esteira_readonly', tabela);
    END LOOP;
END
$$;

-- Makes the partitions of the days from `hoje` - 1 to `hoje` + `adiante` that are missing, taking what
-- lies in the default partition along, and drops everything of days before `hoje` - `dias`. Returns
-- how many partitions were made and dropped, and how many rows of the default one were deleted.
-- One at a time, and while no writer is in the middle: a row that is on its way to the default
-- partition must not find that its day has got one of its own.
CREATE FUNCTION esteira.cuidar_dos_dias(hoje date, dias integer, adiante integer,
                                        OUT feitas integer, OUT largadas integer,
                                        OUT apagadas bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    tabela name;
    parte name;
    d date;
    linhas bigint;
BEGIN
    feitas := 0;
    largadas := 0;
    apagadas := 0;
    PERFORM pg_advisory_xact_lock(4995148754);
    FOR tabela IN SELECT esteira.tabelas_por_dia() LOOP
        EXECUTE format('LOCK TABLE esteira.%I IN ACCESS EXCLUSIVE MODE', tabela);
    END LOOP;
    FOR tabela IN SELECT esteira.tabelas_por_dia() LOOP
        FOR d IN SELECT (hoje + n)::date FROM generate_series(-1, adiante) AS n LOOP
            parte := tabela || to_char(d, '"_d"YYYYMMDD');
            CONTINUE WHEN to_regclass(format('esteira.%I', parte)) IS NOT NULL;
            EXECUTE format('CREATE TABLE esteira.%I (LIKE esteira.%I INCLUDING ALL)', parte, tabela);
            EXECUTE format('WITH taken AS (DELETE FROM esteira.%I WHERE dia = %L RETURNING *)'
                           ' INSERT INTO esteira.%I SELECT * FROM taken',
                           tabela || '_outros', d, parte);
            EXECUTE format('ALTER TABLE esteira.%I ATTACH PARTITION esteira.%I'
                           ' FOR VALUES FROM (%L) TO (%L)', tabela, parte, d, d + 1);
            feitas := feitas + 1;
        END LOOP;
        FOR parte IN
            SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
            WHERE i.inhparent = format('esteira.%I', tabela)::regclass
              AND c.relname ~ '_d[0-9]{8}$'
              AND to_date(right(c.relname, 8), 'YYYYMMDD') < hoje - dias
        LOOP
            EXECUTE format('DROP TABLE esteira.%I', parte);
            largadas := largadas + 1;
        END LOOP;
        EXECUTE format('DELETE FROM esteira.%I WHERE dia < %L', tabela || '_outros', hoje - dias);
        GET DIAGNOSTICS linhas = ROW_COUNT;
        apagadas := apagadas + linhas;
    END LOOP;
    DELETE FROM esteira.inbox_clicks WHERE dia < hoje - dias;
    GET DIAGNOSTICS linhas = ROW_COUNT;
    apagadas := apagadas + linhas;
END
$$;
REVOKE ALL ON FUNCTION esteira.cuidar_dos_dias(date, integer, integer) FROM PUBLIC;

SELECT esteira.cuidar_dos_dias((now() AT TIME ZONE 'UTC')::date, 30, 3);
