-- One login role and one schema of its own for each service, in database `prepay`. Run by a
-- superuser in that database, as often as one likes:
--   createdb prepay
--   psql -d prepay -v ON_ERROR_STOP=1 -v metering=<password> -v billing=<password> … -f bootstrap.sql
-- with one variable a service. The services make their tables themselves when they start.

SET client_min_messages = warning;

-- Nobody sees another service's schema, and nobody makes things in the public one.
REVOKE ALL ON DATABASE prepay FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT CASE WHEN to_regrole('prepay_' || service) IS NULL
            THEN format('CREATE ROLE prepay_%s LOGIN', service) END,
       format('ALTER ROLE prepay_%s PASSWORD %L', service, password),
       format('GRANT CONNECT ON DATABASE prepay TO prepay_%s', service),
       format('CREATE SCHEMA IF NOT EXISTS %1$s AUTHORIZATION prepay_%1$s', service),
       format('ALTER ROLE prepay_%1$s SET search_path = %1$s', service)
FROM (VALUES ('metering', :'metering'), ('billing', :'billing'), ('account', :'account'),
             ('alarm', :'alarm'), ('scheduler', :'scheduler'), ('reporting', :'reporting'),
             ('console', :'console')) AS given (service, password)
\gexec
