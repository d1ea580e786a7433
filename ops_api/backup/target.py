"""The database that is restored into: empty, or made; with the roles and the extension that the back-up needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from cityops.errors import ConfigurationError
from ops_api.backup.manifest import Manifest, Role
from ops_api.backup.session import of_database, open_session

Connection = psycopg.Connection[Any]
_CONTENTS = """select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname !~ '^(pg_|_timescaledb|timescaledb_)' and n.nspname <> 'information_schema'
   and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')"""
_OTHERS = """select application_name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
   and coalesce(backend_type, 'client backend') = 'client backend'  -- null: not ours to know"""
_MAY = "select rolsuper from pg_roles where rolname = current_user"
_RIGHTS: dict[str, LiteralString] = {"CONNECT": "connect", "TEMPORARY": "temporary", "CREATE": "create"}
_OFFERED = """select exists (select from pg_available_extension_versions where name = 'timescaledb' and version = %s),
    (select default_version from pg_available_extensions where name = 'timescaledb'),
    (select extversion from pg_extension where extname = 'timescaledb')"""


@contextmanager
def made_database(dsn: str, name: str, owner: str) -> Iterator[str]:
    """Make the database ``name`` and give its connection string; it is dropped where the block fails.

    Raises:
        ConfigurationError: it is there already, or may not be made.
    """
    with open_session(dsn) as admin:
        try:
            admin.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
        except psycopg.errors.DuplicateDatabase as error:
            raise ConfigurationError(f"the database {name} is there already; choose another name") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                f"this login may not make a database ({error}); use a superuser's"
            ) from error
        if _exists(admin, owner):
            admin.execute(
                sql.SQL("alter database {} owner to {}").format(sql.Identifier(name), sql.Identifier(owner))
            )
    try:
        yield of_database(dsn, name)
    except BaseException:
        drop_database(dsn, name)
        raise


def drop_database(dsn: str, name: str) -> None:
    """Drop the database and end whoever is in it."""
    with open_session(dsn) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def refuse_contents(conn: Connection) -> None:
    """Raise ConfigurationError where the database is not empty."""
    row = conn.execute(_CONTENTS).fetchone()
    assert row is not None
    if row[0] > 0:
        raise ConfigurationError(
            f"the database {conn.info.dbname} is not empty ({row[0]} tables, views and sequences); nothing is "
            "restored over it: give --into-new NAME, then have the services use that database"
        )


def refuse_company(conn: Connection) -> None:
    """Raise ConfigurationError where somebody else uses the database: a service would store between the tables' loading."""
    others = conn.execute(_OTHERS).fetchall()
    if others:
        names = ", ".join(sorted({str(name) or "without a name" for (name,) in others}))
        raise ConfigurationError(
            f"the database {conn.info.dbname} is in use by {names}: stop the services that use it, then restore"
        )


def refuse_rights(conn: Connection, manifest: Manifest) -> None:
    """Raise ConfigurationError where this login can't restore the back-up, or the server can't hold it."""
    major, given = conn.info.server_version // 10_000, int(manifest.server.split(".")[0])
    if major < given:
        raise ConfigurationError(
            f"the back-up is of PostgreSQL {given}, the server is {major}: use {given} or newer"
        )
    if manifest.timescaledb is None:
        return
    _refuse_extension(conn, manifest.timescaledb)
    row = conn.execute(_MAY).fetchone()
    if row is None or not row[0]:
        raise ConfigurationError(
            "TimescaleDB's own tables are restored by a superuser only: for this command give CITYOPS_DB__DSN with "
            "one (in the compose stack `postgres`); what is restored belongs to its owners again"
        )


def refuse_foreign_extension(conn: Connection, manifest: Manifest) -> None:
    """Raise ConfigurationError where a plain PostgreSQL's back-up would come into a database that has TimescaleDB.

    What asks for a database's flavour would be told TimescaleDB, and find partitions.
    """
    row = conn.execute("select extversion from pg_extension where extname = 'timescaledb'").fetchone()
    if manifest.timescaledb is None and row is not None:
        raise ConfigurationError(
            f"the back-up is of plain PostgreSQL, and the database {conn.info.dbname} has TimescaleDB {row[0]}: partitions "
            "do not become hypertables. Give --into-new NAME, which makes a database without the extension"
        )


def make_roles(conn: Connection, roles: tuple[Role, ...]) -> list[str]:
    """Make the roles that are missing, none with a password, and their memberships; tell which.

    Raises:
        ConfigurationError: this login may not; the statements for a superuser are told.
    """
    missing = [role for role in roles if not _exists(conn, role.name)]
    statements = [
        sql.SQL("create role {} nologin" if role.inherits else "create role {} nologin noinherit").format(
            sql.Identifier(role.name)
        )
        for role in missing
    ]
    statements += [
        sql.SQL("grant {} to {}").format(sql.Identifier(other), sql.Identifier(role.name))
        for role in missing
        for other in role.member_of
    ]
    try:
        with conn.transaction():
            for statement in statements:
                conn.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        needed = "; ".join(statement.as_string(conn) for statement in statements)
        raise ConfigurationError(
            f"roles are missing and this login may not make them. As a superuser: {needed}"
        ) from error
    return [
        f"role {role.name} made"
        + (f", without a way in: alter role {role.name} login password '…'" if role.login else "")
        for role in missing
    ]


def set_entry(conn: Connection, entry: tuple[tuple[str, str], ...]) -> None:
    """Let the same roles into this database as into the one that was backed up, and nobody else.

    Raises:
        ConfigurationError: the database is another's.
    """
    database = sql.Identifier(conn.info.dbname)
    try:
        with conn.transaction():
            conn.execute(sql.SQL("revoke all on database {} from public").format(database))
            for role, right in entry:
                who = sql.SQL("public") if role == "public" else sql.Identifier(role)
                conn.execute(
                    sql.SQL("grant {} on database {} to {}").format(sql.SQL(_RIGHTS[right]), database, who)
                )
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(
            f"the database is another's ({error}); restore as its owner or a superuser"
        ) from error


def begin_timescaledb(conn: Connection, wanted: str) -> None:
    """Have the extension in the version of the back-up, and its mode in which it is restored."""
    conn.execute(sql.SQL("create extension if not exists timescaledb version {}").format(sql.Literal(wanted)))
    row = conn.execute("select extversion from pg_extension where extname = 'timescaledb'").fetchone()
    if row is None or row[0] != wanted:
        raise ConfigurationError(
            f"the database has TimescaleDB {row and row[0]}, the back-up {wanted}: restore with the same version, upgrade later"
        )
    conn.execute("select timescaledb_pre_restore()")


def end_timescaledb(conn: Connection) -> None:
    """End the mode: its jobs run again."""
    conn.execute("select timescaledb_post_restore()")


def _refuse_extension(conn: Connection, wanted: str) -> None:
    row = conn.execute(_OFFERED, (wanted,)).fetchone()
    assert row is not None
    if not row[0]:
        raise ConfigurationError(
            f"the back-up is of TimescaleDB {wanted}, which this server does not offer (it has {row[1] or 'none'}): "
            "restore with the same version, and upgrade the extension afterwards"
        )


def _exists(conn: Connection, role: str) -> bool:
    return conn.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is not None
