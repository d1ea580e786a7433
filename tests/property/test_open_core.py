"""What holds of open data whatever its rows are: no formula in a cell, no row lost between pages, places that stay what they were."""

from __future__ import annotations

import csv
import io
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from ops_api.opendata.core import datex, ngsi
from ops_api.opendata.core.csv_text import STARTS, csv_of, wkt
from ops_api.opendata.core.datasets import BINS, DATASETS, ROADS, WEATHER
from ops_api.opendata.core.geojson import geojson_of
from ops_api.opendata.core.model import Dataset, Item, Table, cell, item, point
from ops_api.opendata.core.ogc_query import Query, page, parse

AT = datetime(2026, 1, 9, 5, tzinfo=UTC)
ANY = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(-(10**9), 10**9), st.text(max_size=12))
FORMULAS = st.builds(
    "{}{}{}".format, st.sampled_from(["", " ", "  "]), st.sampled_from(STARTS), st.text(max_size=4)
)
DEGREES = st.floats(-80, 80, allow_nan=False)
LINE = st.lists(st.tuples(DEGREES, DEGREES).map(list), min_size=2, max_size=5)


def bins(texts: list[Any]) -> Table:
    rows = [{c.name: texts[n % len(texts)] for n, c in enumerate(BINS.columns)} | {"label": t} for t in texts]
    return Table(BINS, [item(f"{n:03}", point(-2.2, 53.4), AT, BINS, row) for n, row in enumerate(rows)])


@given(st.lists(st.one_of(ANY, FORMULAS), min_size=1, max_size=5))
def test_no_cell_is_a_formula_and_each_row_comes_back(values: list[Any]) -> None:
    table = bins(values)
    rows = list(csv.reader(io.StringIO(csv_of(table).decode(), newline="")))
    assert len(rows) == 1 + len(values)
    for row in rows[1:]:
        assert len(row) == len(rows[0])
        for text in row:
            if text.lstrip(" ").startswith(STARTS):
                float(text)  # a number may be negative


@given(st.lists(ANY, min_size=1, max_size=5))
def test_geojson_is_strict_json_with_the_same_rows(values: list[Any]) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    document = json.loads(geojson_of(bins(values), publisher="x", licence="y"), parse_constant=refuse)
    assert [f["properties"]["label"] for f in document["features"]] == [cell(v) for v in values]


def test_nought_and_false_are_values_and_nan_is_none() -> None:
    assert [cell(v) for v in (0.0, 0, False, "", math.nan, math.inf, None)] == [
        0.0,
        0,
        False,
        "",
        None,
        None,
        None,
    ]
    row = {c.name: 0.0 for c in BINS.columns} | {"fresh": False}
    line = csv_of(Table(BINS, [item("a", None, None, BINS, row)])).decode().splitlines()[1]
    assert line == "a," + "0.0," * 9 + "false,,"


@given(
    LINE,
    st.lists(LINE, min_size=1, max_size=3),
    st.lists(st.tuples(DEGREES, DEGREES).map(list), min_size=3, max_size=6),
)
def test_well_known_text_is_the_same_place(line: Any, lines: Any, ring: Any) -> None:
    for geometry in (
        {"type": "LineString", "coordinates": line},
        {"type": "MultiLineString", "coordinates": lines},
        {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        point(*line[0]),
    ):
        assert geometry is not None
        assert shapely.from_wkt(wkt(geometry)).equals_exact(shape(geometry), 0.0)
        found = Item("a", geometry, {}, None)
        assert found.box == shape(geometry).bounds


def roads(ids: set[str]) -> list[Item]:
    return [Item(i, None, {"street": "High Street"}, None) for i in sorted(ids)]


@given(st.sets(st.text(min_size=1, max_size=4), min_size=1, max_size=12), st.integers(1, 5), st.data())
def test_pages_have_each_row_that_stays_once_whatever_comes_and_goes(
    ids: set[str], limit: int, data: st.DataObject
) -> None:
    now, seen, cursor = set(ids), [], None
    lost: set[str] = set()
    for _ in range(100):
        query = parse([("limit", str(limit))] + ([("cursor", cursor)] if cursor else []), ROADS)
        shown = page(roads(now), query)
        seen += [i.id for i in shown.items]
        if shown.cursor is None:
            break
        cursor = shown.cursor
        if now:
            gone = data.draw(st.sampled_from(sorted(now)))
            now, lost = now - {gone}, lost | {gone}
        now |= {data.draw(st.text(min_size=1, max_size=4))}
    assert len(seen) == len(set(seen))
    assert ids - lost <= set(seen)


@given(LINE, st.tuples(DEGREES, DEGREES, DEGREES, DEGREES))
def test_a_box_finds_what_shapely_finds(line: Any, ends: tuple[float, float, float, float]) -> None:
    w, e = sorted(ends[:2])
    s, n = sorted(ends[2:])
    geometry = {"type": "LineString", "coordinates": line}
    found = page([Item("a", geometry, {}, None)], Query(boxes=((w, s, e, n),))).matched
    assert found == int(shape(geometry).intersects(shapely.box(w, s, e, n)))


@given(st.integers(-5, 5), st.integers(-5, 5), st.integers(-5, 5))
def test_both_ends_of_a_span_belong_to_it(at: int, first: int, length: int) -> None:
    hour = timedelta(hours=1)
    span = (AT + first * hour, AT + (first + abs(length)) * hour)
    found = page([Item("a", None, {}, AT + at * hour)], Query(span=span)).matched
    assert found == int(first <= at <= first + abs(length))


@given(st.sampled_from([BINS, WEATHER]), st.sampled_from([None, 0.0, -1.5]), st.text(max_size=5))
def test_entities_have_no_nothing_in_them(dataset: Dataset, number: float | None, text: str) -> None:
    row: dict[str, Any] = {c.name: number if c.type == "number" else None for c in dataset.columns}
    row |= {"measured_at": AT, "label": text, "stream": text, "street": text, "status": "ok", "fresh": True}
    made = item(
        "a",
        None if number is None else point(0.0, 0.0),
        AT,
        dataset,
        {n: row.get(n) for n in (c.name for c in dataset.columns)},
    )
    type_ = next(t for t, (name, _) in ngsi.TYPES.items() if name == dataset.id)
    found = ngsi.entity(type_, made, "x")
    assert all(
        a is not None and a.get("value") is not None for n, a in found.items() if n not in ("id", "type")
    )
    assert ("temperature" in found) == (number is not None)
    assert set(ngsi.entity(type_, made, "x", simple=True)) == set(found)


@given(st.text(max_size=8), st.sampled_from([0.0, -0.004, 12.345678, 1e-9]))
def test_datex_is_xml_whatever_a_label_says(label: str, surface_c: float) -> None:
    dataset = DATASETS["road-temperatures"]
    row: dict[str, Any] = {c.name: None for c in dataset.columns} | {
        "label": label,
        "surface_temperature_c": surface_c,
        "measured_at": AT,
    }
    rows = [item("road-1", point(-2.2, 53.4), AT, dataset, row)]
    for written in (datex.measurements(rows, AT, label), datex.sites(rows, AT, label)):
        datex.ET.fromstring(written)
