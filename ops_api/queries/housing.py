"""What the housing team reads: homes that show it something, its own cases, wards, what was reminded.

Reads of households run as the role ``cityops_housing``, which has no right on any table: it has the functions of
``cityops/db/routines/housing.sql`` alone, and these write who looked and why into the household's log.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import psycopg

from ops_api.queries import Db, Row
from ops_api.queries.as_role import RoleDb, RolePool

How = Literal["page", "home", "file", "program", "terminal"]

NAME_MOST, PURPOSE_MOST = 100, 300
DAILY_DAYS = 28


@dataclass(frozen=True, slots=True)
class Asks:
    """Who looks, and why; both are written into the log of every household that is looked at."""

    name: str
    purpose: str


class HousingDb(RoleDb):
    """A :class:`Db` as the housing team's role. ``of``: whose connections are used."""

    def __init__(self, of: Db) -> None:
        super().__init__(of, "cityops_housing")


def officer_pool(of: Db) -> RolePool:
    """Return connections as ``cityops_officer``, who writes into the council's own cases and reads no other."""
    return RoleDb(of, "cityops_officer").lend()


async def shared_homes(db: Db, asks: Asks, how: How, home_id: int | None = None) -> list[Row]:
    """Return homes that show something, each with what it shows; the look is written down with them."""
    return await HousingDb(db).rows(
        "housing_read", who=asks.name, purpose=asks.purpose, how=how, home_id=home_id
    )


async def shared_days(db: Db, asks: Asks, home_id: int, now: datetime) -> list[Row]:
    """Return daily means of the last four weeks, the newest first; none where they are not shared."""
    since, until = now - timedelta(days=DAILY_DAYS), now + timedelta(days=1)
    values = {"who": asks.name, "purpose": asks.purpose, "home_id": home_id, "since": since, "until": until}
    try:
        return await HousingDb(db).rows("housing_daily", **values)
    except psycopg.errors.UndefinedFunction:  # no frog has ever been installed here
        return []


async def rest(db: Db) -> Row:
    """Return the council's cases of homes that show nothing, and how many such homes there are (None below five)."""
    return await HousingDb(db).one("housing_rest")


async def is_shown(db: Db, home_id: int, case_id: int) -> bool:
    """Whether a case is the council's own, of this home, and the home shows something."""
    return bool((await HousingDb(db).one("housing_is_shown", home_id=home_id, case_id=case_id))["shown"])


async def ward_counts(db: Db) -> list[Row]:
    """Return homes and homes at risk by ward, counted once for the week of the newest findings.

    Not to be shown like that: see :mod:`ops_api.housing.wards`.
    """
    return await HousingDb(db).rows("ward_counts")


async def council_reminders(db: Db, case_id: int) -> list[Row]:
    """Return what the council was reminded of in a case of its own, in the order in which it was planned."""
    return await HousingDb(db).rows("council_reminders", case_id=case_id)


async def my_reminders(hers: Db, case_id: int) -> list[Row]:
    """Return what a household was reminded of in a case; ``hers``: as the resident who asks."""
    return await hers.rows("my_reminders", case_id=case_id)
