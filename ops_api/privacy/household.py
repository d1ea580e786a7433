"""What a household would take from its own page, for who asks by letter: read as the resident herself, who is signed in for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from cityops.errors import ConfigurationError
from ops_api.households.model import LivesIn, Member
from ops_api.households.sessions import Sessions
from ops_api.queries import Db, Pool


@asynccontextmanager
async def as_resident(
    pool: Pool, home: str, resident_id: str, now: datetime
) -> AsyncIterator[tuple[Member, LivesIn]]:
    """Lend a session of a resident's that ends with the block: the database holds it to what she may see.

    Args:
        pool: the owner's connections.
        home: its code.
        resident_id: whose.
        now: the wall clock's time.

    Raises:
        ConfigurationError: she does not live there; of who has moved out see :mod:`ops_api.privacy.past`.
    """
    sessions = Sessions(Db(pool), pool)
    token = await sessions.begin(resident_id)
    who = None if token is None else await sessions.find(token, now)
    try:
        there = None if who is None else who.lives_in(home)
        if who is None or there is None:
            raise ConfigurationError(
                f"{resident_id!r} does not live there; `cityops homes members {home}` lists who does"
            )
        yield who, there
    finally:
        if who is not None:
            await sessions.end(who)
