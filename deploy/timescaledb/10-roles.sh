#!/bin/sh
# Run once, when the database is made: the owner cityops, the reader, Grafana's login.
set -eu

SECRETS=${SECRETS:-/run/secrets}

# Inside single quotes a quote is doubled.
quoted() { printf "'%s'" "$(sed "s/'/''/g" "$SECRETS/$1")"; }

psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres <<SQL
create role cityops login createrole password $(quoted cityops_db_password);
create role cityops_reader nologin;
create role grafana login in role cityops_reader connection limit 12 password $(quoted grafana_db_password);
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '15s';
create database cityops owner cityops;
revoke connect, temporary on database cityops from public;
grant connect on database cityops to grafana;
SQL

# The image has the extension; an owner without superuser may not be allowed to make it.
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname cityops <<SQL
select format('create extension if not exists %I', name) from pg_available_extensions where name = 'timescaledb' \gexec
SQL
