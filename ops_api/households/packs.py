"""Whose time an evidence pack may show: of who asks for it, or of what the household shares with the council."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from cityops.errors import ConfigurationError
from ops_api.households.model import Member
from ops_api.queries import Db
from rules.core.evidence.scope import Scope, Span

MINE = "Made by somebody who lives in the home. It shows the time since that person moved in, and nothing of who lived there before."
SHARED = "Made by the council. It shows the readings that the household shares with the housing team, of the rooms and days it shares them for."


async def my_scope(who: Member, home_id: int) -> Scope | None:
    """Return what a resident's own pack shows: her stay; None where she does not live there."""
    stay = await who.db.row("my_stay", home_id=home_id)
    return None if stay is None else Scope(why=MINE, stay=Span(from_at=stay["from_at"], to_at=stay["to_at"]))


async def requested_scope(db: Db, home_id: int, name: str) -> Scope:
    """Return what a pack shows that the council makes because somebody who lives there asked for it: that stay.

    Raises:
        ConfigurationError: nobody who lives there is called so, or two are.
    """
    rows = await db.rows("stay_of", home_id=home_id, name=name.strip())
    if len(rows) != 1:
        how_many = "nobody" if not rows else "more than one person"
        raise ConfigurationError(
            f"--for-household {name!r}: {how_many} who lives there is called so; `cityops homes members` lists them"
        )
    stay = rows[0]
    why = (
        f"Made by the council at the request of {stay['name']}, who lives in the home. It shows the time since "
        f"{stay['name']} moved in, and nothing of who lived there before."
    )
    return Scope(why=why, stay=Span(from_at=stay["from_at"], to_at=stay["to_at"]))


async def shared_scope(db: Db, home_id: int, days: tuple[date, date]) -> Scope:
    """Return what a pack shows that the council makes for itself: readings that are shared with its housing team.

    Raises:
        ConfigurationError: of these days none are.
    """
    start = datetime.combine(days[0], time(), UTC)
    end = datetime.combine(days[1], time(), UTC) + timedelta(days=1)
    rows = await db.rows("shared_readings", home_id=home_id, start=start, end=end)
    if not rows:
        raise ConfigurationError(
            f"the household shares no readings of {days[0]} to {days[1]} with the housing team; "
            "where somebody who lives there asked for the pack, say --for-household NAME"
        )
    rooms = {row["device"]: Span(from_at=row["from_at"], to_at=row["to_at"]) for row in rows}
    return Scope(why=SHARED, rooms=rooms, written=False)
