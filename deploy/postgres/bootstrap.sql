-- One login role and one schema of its own for each service, in database `prepay`. Run by a
-- superuser in that database, as often as one likes:
--   createdb prepay
--   psql -d prepay -v ON_ERROR_STOP=1 -v metering=<password> -v billing=<password> … -f bootstrap.sql
-- with one variable a service. The services make their tables themselves when they start.

SET client_min_messages = warning;

\set services '''{metering,billing,account,alarm,scheduler,reporting,console}'''

SELECT format('CREATE ROLE prepay_%s LOGIN', service)
FROM unnest(:services::text[]) AS service
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'prepay_' || service)
\gexec

SELECT format('ALTER ROLE prepay_%s PASSWORD %L', service, password)
FROM (VALUES ('metering', :'metering'), ('billing', :'billing'), ('account', :'account'),
             ('alarm', :'alarm'), ('scheduler', :'scheduler'), ('reporting', :'reporting'),
             ('console', :'console')) AS given (service, password)
\gexec

-- Nobody sees another service's schema, and nobody makes things in the public one.
REVOKE ALL ON DATABASE prepay FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT format('GRANT CONNECT ON DATABASE prepay TO prepay_%1$s;'
              'CREATE SCHEMA IF NOT EXISTS %1$s AUTHORIZATION prepay_%1$s;'
              'ALTER ROLE prepay_%1$s SET search_path = %1$s', service)
FROM unnest(:services::text[]) AS service
\gexec
