-- The schema, the roles and the list of applied migrations. Runs as whoever may create roles and
-- schemas (the owner of the private cluster, or an administrator); everything later runs as
-- esteira_owner. Roles belong to the whole cluster, so they may be there already. The database is
-- meant to be Esteira's own: nobody else is given anything in it.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'esteira_owner') THEN
        CREATE ROLE esteira_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'esteira_worker_stock') THEN
        CREATE ROLE esteira_worker_stock LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
            NOBYPASSRLS CONNECTION LIMIT 20;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'esteira_readonly') THEN
        CREATE ROLE esteira_readonly LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
            NOBYPASSRLS CONNECTION LIMIT 20;
    END IF;
    IF NOT pg_has_role(current_user, 'esteira_owner', 'MEMBER') THEN
        EXECUTE format('GRANT esteira_owner TO %I', current_user);
    END IF;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO esteira_worker_stock, esteira_readonly',
                   current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

ALTER ROLE esteira_worker_stock SET search_path = esteira, pg_catalog;
ALTER ROLE esteira_worker_stock SET statement_timeout = '15s';
ALTER ROLE esteira_worker_stock SET lock_timeout = '3s';
ALTER ROLE esteira_worker_stock SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE esteira_worker_stock SET client_connection_check_interval = '5s';
ALTER ROLE esteira_readonly SET search_path = esteira, pg_catalog;
ALTER ROLE esteira_readonly SET default_transaction_read_only = on;
ALTER ROLE esteira_readonly SET statement_timeout = '15s';
ALTER ROLE esteira_readonly SET lock_timeout = '3s';
ALTER ROLE esteira_readonly SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE esteira_readonly SET client_connection_check_interval = '5s';

CREATE SCHEMA esteira AUTHORIZATION esteira_owner;

SET LOCAL ROLE esteira_owner;

GRANT USAGE ON SCHEMA esteira TO esteira_worker_stock, esteira_readonly;

CREATE TABLE esteira.schema_version (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,  -- SHA-256 of the migration's text, in hexadecimal.
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT session_user
);
GRANT SELECT ON esteira.schema_version TO esteira_worker_stock, esteira_readonly;
