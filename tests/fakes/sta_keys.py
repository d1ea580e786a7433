"""Keys of programs on a running site."""

from __future__ import annotations

from datetime import UTC, datetime

from psycopg_pool import AsyncConnectionPool

from ops_api.access.model import Role
from ops_api.identity.desk import desk_on
from ops_api.identity.model import Terms
from ops_api.identity.secrets import Secrets
from ops_api.queries import Db
from ops_api.queries.as_role import RoleDb
from tests.fakes.website import IDENTITY_SECRET, Site


async def key_for(site: Site, *scopes: str) -> str:
    """Make an account of a device manager on a site, and return a key of its program."""
    now = datetime.now(UTC)
    async with AsyncConnectionPool(
        site.dsn, min_size=1, max_size=1, kwargs={"options": "-c timezone=UTC"}, open=False
    ) as pool:
        desk = desk_on(RoleDb(Db(pool), "cityops_identity"), Secrets.of(IDENTITY_SECRET), Terms())
        name = f"dee-{'-'.join(scopes)}".replace(":", "-")[:40]
        who = await desk.accounts.add(name, "Dee", (Role.DEVICES,), "test", now)
        return (await desk.keys.make(who, "sensors", scopes, now)).key
