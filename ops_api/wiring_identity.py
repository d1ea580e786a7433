"""Composition of identity: from settings to the desk that signs people in."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from cityops.db.pool import connect
from cityops.embedded.postgres import running_dsn
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ops_api.audit.spool import Spool
from ops_api.audit.store import PostgresAudit
from ops_api.cli_db import database
from ops_api.identity.desk import IdentityDesk, desk_on
from ops_api.identity.model import Terms
from ops_api.identity.oidc import AtProvider
from ops_api.identity.secrets import KEY_FILE, Secrets, secret_in
from ops_api.own_database import DEMO_FOLDER
from ops_api.queries import Db, OneConnection, Pool
from ops_api.queries.as_role import RoleDb
from ops_api.role_pools import is_owners
from ops_api.web_login import login_of


def identity_secrets(settings: Settings) -> Secrets:
    """Return the keys of this installation; the secret is made once where none is set.

    Raises:
        ConfigurationError: it can be neither read nor made.
    """
    given = settings.identity.secret
    return Secrets.of(secret_in(_folder(settings)) if given is None else given.get_secret_value())


def _folder(settings: Settings) -> Path:
    """Return where the secret is: of the demo that runs, where that is the database a command would take."""
    demo = settings.data_dir / DEMO_FOLDER
    is_demo = not settings.db.dsn and running_dsn(settings.data_dir) is None and running_dsn(demo) is not None
    return demo if is_demo else settings.data_dir


def terms_of_identity(settings: Settings) -> Terms:
    """Return what the settings ask of who signs in."""
    given = settings.identity
    return Terms(
        life=timedelta(hours=given.session_h),
        idle=timedelta(minutes=given.idle_min),
        mfa=given.mfa,
        password_least=given.password_least,
        key_life=timedelta(days=given.key_days),
    )


TEAMS = ("housing", "winter", "crew", "ops", "bin_days")
"""Groups of settings that have a team's password."""


def doors_of(settings: Settings) -> Settings:
    """Return the settings without the teams' passwords, where accounts and keys alone open their doors."""
    if settings.identity.team_passwords:
        return settings
    return settings.model_copy(
        update={name: getattr(settings, name).model_copy(update={"password": None}) for name in TEAMS}
    )


def _at(settings: Settings) -> AtProvider | None:
    given = settings.identity
    if not given.oidc_issuer or given.oidc_client_secret is None:
        return None
    return AtProvider(
        issuer=given.oidc_issuer,
        client_id=given.oidc_client_id,
        client_secret=given.oidc_client_secret.get_secret_value(),
        claim=given.oidc_claim,
        roles=given.oidc_roles,
    )


def identity_desk(settings: Settings, pool: Pool, of: Secrets | None = None) -> IdentityDesk:
    """Return the desk on a pool's connections."""
    return desk_on(
        RoleDb(Db(pool), "cityops_identity"),
        of or identity_secrets(settings),
        terms_of_identity(settings),
        _at(settings),
    )


@asynccontextmanager
async def identity_of(
    settings: Settings, *, needs_secret: bool = False
) -> AsyncIterator[tuple[IdentityDesk, PostgresAudit]]:
    """Lend desk and audit for a command, on the API's login, else the settings' database or the embedded one that runs.

    A command makes no secret: made by another user or on another host it would be none of the API's.

    Raises:
        ConfigurationError: without a database; or without a secret where one is needed.
        TransientError: it does not answer.
    """
    dsn = settings.api.dsn or database(settings)
    name = "cityops-identity"
    async with await connect(dsn, application_name=name, autocommit=False, role="cityops_api") as website:
        pool = OneConnection(website)
        own = login_of(dsn, "cityops_identity") if settings.api.dsn and not await is_owners(pool) else dsn
        async with await connect(
            own, application_name=name, autocommit=False, role="cityops_identity"
        ) as accounts:
            audit = PostgresAudit(Db(pool), Spool(settings.data_dir))
            yield identity_desk(settings, OneConnection(accounts), _of_command(settings, needs_secret)), audit


def _of_command(settings: Settings, needed: bool) -> Secrets:
    there = settings.identity.secret is not None or (_folder(settings) / KEY_FILE).exists()
    if there:
        return identity_secrets(settings)
    if needed:
        raise ConfigurationError(
            f"there is no {_folder(settings) / KEY_FILE}: run this where the API runs, as its user and after its first start, "
            "or set CITYOPS_IDENTITY__SECRET to what it has"
        )
    return Secrets.of(secrets.token_urlsafe(48))  # nothing is marked or sealed with it
