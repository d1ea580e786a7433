"""Composition of identity: from settings to the desk that signs people in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from cityops.db.pool import connect
from cityops.embedded.postgres import running_dsn
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.identity.desk import IdentityDesk, desk_on
from ops_api.identity.model import Terms
from ops_api.identity.oidc import AtProvider
from ops_api.identity.secrets import Secrets, secret_in
from ops_api.own_database import DEMO_FOLDER
from ops_api.queries import Db, OneConnection, Pool
from ops_api.queries.as_role import RoleDb


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


def identity_desk(settings: Settings, pool: Pool, secrets: Secrets | None = None) -> IdentityDesk:
    """Return the desk on a pool's connections."""
    return desk_on(
        RoleDb(Db(pool), "cityops_identity"),
        secrets or identity_secrets(settings),
        terms_of_identity(settings),
        _at(settings),
    )


@asynccontextmanager
async def identity_of(settings: Settings) -> AsyncIterator[IdentityDesk]:
    """Lend the desk for a command, on the settings' database, or the embedded one that runs.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    dsn = database(settings)
    async with await connect(dsn, application_name="cityops-identity", autocommit=False) as connection:
        yield identity_desk(settings, OneConnection(connection))
