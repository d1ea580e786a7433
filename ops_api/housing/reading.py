"""One look at the homes that are shared, written down as such; for pages, REST and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ops_api.housing.clocks import Clock, by_urgency, cases_of, clock_of
from ops_api.housing.listing import SharedHome, shared_home
from ops_api.queries import Db
from ops_api.queries import housing as queries
from ops_api.queries.housing import Asks, How
from rules.core.legal_clock import Law, WorkingDays


@dataclass(frozen=True, slots=True)
class Looked:
    """Homes that are shared, open cases of those that are not, and how many such homes there are (None below five)."""

    homes: list[SharedHome]
    others: list[Clock]
    not_shared: int | None


async def read(
    db: Db, asks: Asks, how: How, now: datetime, town: datetime, law: Law, days: WorkingDays
) -> Looked:
    """Return everything that a list shows; the look is written into each household's log.

    Args:
        db: the database.
        asks: who looks, and why.
        how: on what.
        now: the wall's time, by which legal limits go.
        town: the time it is in the town, by which ages of measurements go.
        law: limits.
        days: calendar.
    """
    rows = await queries.shared_homes(db, asks, how)
    rest = await queries.rest(db)
    others = [clock_of(c, now, law, days) for c in cases_of(rest["cases"])]
    return Looked(
        homes=[shared_home(r, now, town, law, days) for r in rows],
        others=[c for c in by_urgency(others) if c.where != "over"],
        not_shared=rest["not_shared"],
    )
