"""The shelf reads once for all who ask, and knows when a body changed; incidents are those in hand."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from ops_api.opendata.core.csv_text import csv_of
from ops_api.opendata.core.datasets import BINS
from ops_api.opendata.core.model import Item, Table
from ops_api.opendata.core.rows import incidents
from ops_api.opendata.shelf import Shelf


class Town:
    """Rows of a dataset, and how often they were read."""

    def __init__(self) -> None:
        self.read, self.label, self.broken = 0, "one", False

    async def load(self) -> Table:
        self.read += 1
        await asyncio.sleep(0.01)
        if self.broken:
            raise OSError("the database is away")
        return Table(BINS, [Item("a", None, {c.name: self.label for c in BINS.columns}, None)])


async def test_hundred_at_once_read_and_write_once() -> None:
    shelf, town, written = Shelf(), Town(), []

    def write(table: Table) -> bytes:
        written.append(table)
        return csv_of(table)

    bodies = await asyncio.gather(*(shelf.body("bins", "csv", town.load, write) for _ in range(100)))
    assert (town.read, len(written), len({b.etag for b in bodies})) == (1, 1, 1)


async def test_a_body_that_says_the_same_has_not_changed() -> None:
    shelf, town = Shelf(kept_s=0.0), Town()
    first = await shelf.body("bins", "csv", town.load, csv_of)
    again = await shelf.body("bins", "csv", town.load, csv_of)
    assert town.read == 2
    assert again == first
    town.label = "two"
    other = await shelf.body("bins", "csv", town.load, csv_of)
    assert other.etag != first.etag
    assert other.changed_at > first.changed_at


async def test_a_failed_reading_is_told_and_tried_again() -> None:
    shelf, town = Shelf(), Town()
    town.broken = True
    told = await asyncio.gather(*(shelf.table("bins", town.load) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(e, OSError) for e in told)
    town.broken = False
    assert len((await shelf.table("bins", town.load)).items) == 1


async def test_who_goes_away_stops_nobody_else() -> None:
    shelf, town = Shelf(), Town()
    leaves = asyncio.create_task(shelf.table("bins", town.load))
    stays = asyncio.create_task(shelf.table("bins", town.load))
    await asyncio.sleep(0.005)
    leaves.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaves
    assert len((await stays).items) == 1


def test_only_what_somebody_has_in_hand_is_an_incident() -> None:
    def incident(state: str) -> SimpleNamespace:
        return SimpleNamespace(
            incident_id=len(state), state=state, severity="warning", services=("winter", "bins"), signals=2, up=0, opened_at_s=None,
            changed_at_s=0.0, longitude_deg=0.0, latitude_deg=0.0, title="Mrs Smith",
        )  # fmt: skip

    found = incidents(incident(s) for s in ("proposed", "open", "contained", "closed", "merged"))
    assert [i.properties["state"] for i in found] == ["open", "contained"]
    assert found[0].geometry == {"type": "Point", "coordinates": [0.0, 0.0]}
    assert found[0].properties["services"] == "bins, winter"
    assert "Mrs Smith" not in str(found)
