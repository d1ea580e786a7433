"""Tells boards, through the database, what they can't know: settings, and the wards' numbers as they are published.

The numbers are made by what makes them for the page and REST (:mod:`ops_api.housing.wards`), with the same least number of
homes: two tables made differently could be subtracted from each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
import structlog
from psycopg.rows import dict_row

from cityops.db.pool import connect
from cityops.errors import CityopsError
from cityops.runtime.stop import sleep_until_stop
from cityops.settings_grafana import GrafanaSettings
from ops_api.housing.wards import ward_document

log = structlog.get_logger(__name__)

EVERY_S = 3600.0
AGAIN_S = 60.0
OTHERS = "Wards whose numbers are told together only"
_LOCK = "select pg_advisory_xact_lock(hashtext('cityops.board_facts'))"
_TOLD = "insert into summary.told (name, value) values (%(name)s, %(value)s)"
_WARD = """insert into summary.ward (ward_id, label, homes, at_risk, as_of)
values (%(ward_id)s, %(label)s, %(homes)s, %(at_risk)s, %(as_of)s)"""


class BoardFacts:
    """A ``cityops.runtime.supervisor.Service``.

    Args:
        dsn: the database, as its owner.
        settings: of Grafana.
        least: smallest number of homes that a ward's number may be about.
        every_s: time between two times that it is told [s].
    """

    def __init__(self, dsn: str, settings: GrafanaSettings, least: int, every_s: float = EVERY_S) -> None:
        self._dsn, self._settings, self._least, self._every_s = dsn, settings, least, every_s

    async def run(self, stop: asyncio.Event) -> None:
        """Tell now and again and again until ``stop``; a database that is away is tried again."""
        while not stop.is_set():
            wait_s = self._every_s
            try:
                await self.tell()
            except (psycopg.Error, CityopsError) as e:
                log.warning("boards are not told", error=str(e).strip())
                wait_s = min(wait_s, AGAIN_S)
            await sleep_until_stop(stop, wait_s)

    async def tell(self) -> None:
        """Write all of it in one transaction; what is no longer so is gone."""
        async with (
            await connect(self._dsn, application_name="cityops-board-facts") as conn,
            conn.transaction(),
            conn.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(_LOCK)
            counted = await (await cursor.execute("select * from ward_counts()")).fetchall()
            await cursor.execute("delete from summary.told")
            await cursor.executemany(_TOLD, told(self._settings))
            await cursor.execute("delete from summary.ward")
            await cursor.executemany(_WARD, wards(counted, self._least))


def told(settings: GrafanaSettings) -> list[dict[str, str]]:
    """Return what of the settings boards are told: what is not set is not told."""
    given = {"web_url": settings.web_url.rstrip("/")}
    if settings.db_disk_gb is not None:
        given["disk_bytes"] = f"{1e9 * settings.db_disk_gb:.0f}"
    return [{"name": name, "value": value} for name, value in given.items() if value]


def wards(counted: Sequence[Mapping[str, Any]], least: int) -> list[dict[str, Any]]:
    """Return a row a ward with the numbers that may be told, and one of those that are told together."""
    document = ward_document(counted, least)
    rows = [{**ward, "as_of": document["as_of"]} for ward in document["wards"]]
    rest = document["others"]
    if rest is not None:
        both = {"homes": rest["homes"], "at_risk": rest["at_risk"]}
        rows.append({"ward_id": "", "label": OTHERS, "as_of": document["as_of"], **both})
    return rows
