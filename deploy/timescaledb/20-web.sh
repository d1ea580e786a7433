#!/bin/sh
# The website's own login, cityops_web: it takes the website's roles for its queries and has no other right (docs/adr/028-roles.md).
# Run when the database is made, and again for one from before it; each time it sets the password anew.
set -eu

SECRETS=${SECRETS:-/run/secrets}
ROLES="cityops_api, cityops_registrar, cityops_identity, cityops_officer, cityops_housing, cityops_resident, cityops_open"

# Inside single quotes a quote is doubled.
quoted() { printf "'%s'" "$(sed "s/'/''/g" "$SECRETS/$1")"; }

# The owner is given them too: on PostgreSQL 16 and newer it may not take a role that a superuser made.
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname cityops <<SQL
select format('create role %I nologin', name) from unnest(string_to_array('$ROLES', ', ')) name
 where not exists (select from pg_roles where rolname = name) \gexec
select 'create role cityops_web' where not exists (select from pg_roles where rolname = 'cityops_web') \gexec
alter role cityops_web login noinherit password $(quoted web_db_password);
grant $ROLES to cityops;
grant $ROLES to cityops_web;
grant connect on database cityops to cityops_web;
SQL
