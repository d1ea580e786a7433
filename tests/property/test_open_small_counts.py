"""Homes by ward as feeds have them: whatever is added or subtracted, also between feeds, is about enough homes or none."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ops_api.housing.wards import ward_document
from ops_api.opendata.core.csv_text import csv_of
from ops_api.opendata.core.datasets import HOMES
from ops_api.opendata.core.geojson import geojson_of
from ops_api.opendata.core.model import Table
from ops_api.opendata.core.ogc_query import Query, page
from ops_api.opendata.core.rows import homes

COUNTS = st.lists(
    st.integers(0, 40).flatmap(lambda total: st.tuples(st.just(total), st.integers(0, total))),
    min_size=1,
    max_size=6,
)
Told = dict[str, tuple[int | None, int | None]]
TOGETHER = "other-wards-together"


def table_of(counts: list[tuple[int, int]], least: int) -> Table:
    wards = [
        {"ward_id": f"w{n}", "label": f"Ward {n}", "homes": t, "at_risk": p, "as_of": date(2026, 1, 5)}
        for n, (t, p) in enumerate(counts)
    ]
    return Table(HOMES, homes(ward_document(wards, least), {"w0": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]}))


def from_csv(table: Table) -> Told:
    rows = csv.DictReader(io.StringIO(csv_of(table).decode()))
    return {
        r["id"]: (int(r["homes"]) if r["homes"] else None, int(r["at_risk"]) if r["at_risk"] else None)
        for r in rows
    }


def from_geojson(table: Table) -> Told:
    document = json.loads(geojson_of(table, publisher="", licence=""))
    return {f["id"]: (f["properties"]["homes"], f["properties"]["at_risk"]) for f in document["features"]}


def from_ogc(table: Table) -> Told:
    items = page(table.items, Query(), HOMES.columns).items
    return {i.id: (i.properties["homes"], i.properties["at_risk"]) for i in items}  # type: ignore[misc]


@given(COUNTS, st.integers(5, 9))
def test_no_feed_minus_another_is_about_few_homes(counts: list[tuple[int, int]], least: int) -> None:
    table = table_of(counts, least)
    one, other = from_csv(table), from_geojson(table)
    assert one == other == from_ogc(table)  # else a difference of feeds would be news
    groups = {n: (t, p) for n, (t, p) in one.items() if t is not None and p is not None}
    # Wards are apart: whatever is added and subtracted is a sum of these, or of their sum with itself taken away.
    for total, part in groups.values():
        assert part >= least
        assert total - part >= least


@given(COUNTS, st.integers(5, 9))
def test_what_is_left_of_the_others_is_about_enough_homes_or_none(
    counts: list[tuple[int, int]], least: int
) -> None:
    told = from_csv(table_of(counts, least))
    assert all(t is None or t >= least for t, _ in told.values())
    if TOGETHER not in told:
        return
    together = told[TOGETHER][0]
    assert together is not None
    known = sum(t for n, (t, p) in told.items() if n != TOGETHER and p is None and t is not None)
    assert together - known == 0 or together - known >= least


@given(COUNTS)
def test_a_ward_without_a_number_is_empty_and_not_nought(counts: list[tuple[int, int]]) -> None:
    table = table_of(counts, 5)
    lines = csv_of(table).decode().splitlines()
    for n, (total, part) in enumerate(counts):
        if part < 5 or total - part < 5:
            line = next(x for x in lines if x.startswith(f"w{n},"))
            assert line.split(",")[3] == ""
