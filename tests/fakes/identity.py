"""An identity desk on a test's database, with a clock that is an argument."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pyotp
from argon2 import PasswordHasher
from psycopg_pool import AsyncConnectionPool

from ops_api.access.model import Role
from ops_api.identity import hasher
from ops_api.identity.desk import IdentityDesk, desk_on
from ops_api.identity.model import Account, Asker, Terms
from ops_api.identity.secrets import Secrets
from ops_api.queries import Db
from ops_api.queries.as_role import RoleDb

NOW = datetime(2026, 1, 9, 5, 10, tzinfo=UTC)
HERE, ELSEWHERE = Asker("192.0.2.7"), Asker("198.51.100.1")
PASSWORD = "otter lantern gravel 7"
SECRETS = Secrets.of("a secret of the tests, never of an installation")


def cheap_hasher(**_: int) -> PasswordHasher:
    """Return what hashes passwords for a hundredth of the 30 ms of CPU that it takes on purpose."""
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


# For all tests but those on what it costs, which take `argon2`'s own (test_identity_password.py).
hasher.PasswordHasher = cheap_hasher  # type: ignore[assignment,attr-defined]


@asynccontextmanager
async def opened(dsn: str, terms: Terms | None = None, connections: int = 8) -> AsyncIterator[IdentityDesk]:
    """Lend a desk on a pool of its own."""
    async with AsyncConnectionPool(
        dsn, min_size=1, max_size=connections, kwargs={"options": "-c timezone=UTC"}, open=False
    ) as pool:
        yield desk_on(RoleDb(Db(pool), "cityops_identity"), SECRETS, terms or Terms())


async def ada(desk: IdentityDesk, *roles: Role, name: str = "ada", password: str = PASSWORD) -> Account:
    """Make an account with a password."""
    who = await desk.accounts.add(name, name.title(), roles or (Role.HIGHWAYS,), "test", NOW)
    await desk.passwords.set(who, password, NOW)
    return who


async def authenticator(desk: IdentityDesk, who: Account, now: datetime = NOW) -> pyotp.TOTP:
    """Set up an authenticator and return it; its code of the step before ``now`` is used."""
    secret, _ = await desk.factors.begin(who, "Ourtown")
    app = pyotp.TOTP(secret)
    await desk.factors.confirm(who, app.at(now - timedelta(seconds=30)), now)
    return app
