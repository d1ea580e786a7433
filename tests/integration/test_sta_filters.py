"""Every kind of filter, order and address on a real database: what it finds, and that it can be planned as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops_api.sensorthings.core import ids, schema
from ops_api.sensorthings.core.bounds import Bounds
from ops_api.sensorthings.core.cost import estimated, refusal
from ops_api.sensorthings.core.parse import LAMBDAS, parse, parse_orders
from ops_api.sensorthings.core.paths import parse_path
from ops_api.sensorthings.core.schema import ENTITIES, OBSERVATION
from ops_api.sensorthings.core.seek import behind
from tests.fakes import sta_town as town
from tests.fakes.databases import own_database
from tests.fakes.sta_cases import ADDRESSED, FOUND, ORDERED

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def sta(pg_server: str) -> Iterator[Connection]:
    # A zone with summer time: whatever the session has, times are UTC's.
    with (
        own_database(pg_server, "sta") as dsn,
        psycopg.connect(dsn, autocommit=True, options="-c timezone=Europe/London") as connection,
    ):
        town.build(connection)
        yield connection


def observation(letter: str) -> int:
    stream, us = town.all_observations()[town.LETTERS.index(letter)]
    return ids.observation_id(stream, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us))


def within(key: tuple[int, int], bounds: Bounds) -> bool:
    things = {row[0]: row[1] for row in town.ROWS["sta_datastream"]}
    stream, us = key
    return (
        (bounds.datastream_ids is None or stream in bounds.datastream_ids)
        and (bounds.thing_ids is None or things[stream] in bounds.thing_ids)
        and (bounds.since_us is None or us >= bounds.since_us)
        and (bounds.until_us is None or us < bounds.until_us)
    )


@pytest.mark.parametrize(("entity", "text", "expected"), FOUND, ids=[f"{c[0]}: {c[1]}" for c in FOUND])
def test_a_filter_finds_what_the_standard_says(
    sta: Connection, entity: str, text: str, expected: str
) -> None:
    of = ENTITIES[entity]
    compiled = town.compiled(parse(text), (), of)
    rows = town.keys(sta, of, compiled)
    assert town.named(of, rows) == expected
    if of is OBSERVATION:
        assert all(within(row, compiled.bounds) for row in rows)
        if compiled.bounds.exact:
            assert rows == [key for key in town.all_observations() if within(key, compiled.bounds)]


@pytest.mark.parametrize(("entity", "text", "expected"), ORDERED)
def test_an_order_is_kept_and_nothing_is_left_to_chance(
    sta: Connection, entity: str, text: str, expected: str
) -> None:
    of = ENTITIES[entity]
    compiled = town.compiled(None, parse_orders(text) if text else (), of)
    assert town.named(of, town.keys(sta, of, compiled)) == expected


@pytest.mark.parametrize(("address", "text", "expected"), ADDRESSED)
def test_an_address_finds_what_lies_there(sta: Connection, address: str, text: str, expected: str) -> None:
    path = parse_path(address.format(**{letter: observation(letter) for letter in town.LETTERS}))
    compiled = town.compiled(parse(text) if text else None, (), path.of, within=path.condition())
    assert town.named(path.of, town.keys(sta, path.of, compiled)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id desc",
        "phenomenonTime",
        "phenomenonTime desc",
        "phenomenonTime,id",
        "phenomenonTime desc,id asc",
    ],
)
def test_pages_of_one_begin_where_the_one_before_ended(sta: Connection, text: str) -> None:
    orders = parse_orders(text) if text else ()
    compiled = town.compiled(None, orders, OBSERVATION)
    whole = town.keys(sta, OBSERVATION, compiled)
    found = whole[:1]
    while len(found) < len(whole):
        place = behind(orders, *found[-1], prefix="o", stream="d")
        page = replace(
            compiled, where=place.where, stream_where=place.stream_where, params=dict(place.params)
        )
        rows = town.keys(sta, OBSERVATION, page)
        assert all(within(row, place.bounds) for row in rows)
        found.append(rows[0])
    assert found == whole


def test_every_filter_is_planned_for_its_cost(sta: Connection) -> None:
    for entity, text, _ in FOUND:
        of = ENTITIES[entity]
        [[explained]] = town.keys(sta, of, town.compiled(parse(text), (), of), explain=True)
        assert estimated(explained) > 0


def test_ids_in_sql_are_those_of_the_core(sta: Connection) -> None:
    sql = ids.SQL.format(stream="o", row="o")
    rows = sta.execute(
        f"select {sql}, o.observation_id, o.datastream_id, o.ts from sta_observation o".encode()
    )
    found = [(a, b, ids.observation_id(stream, at)) for a, b, stream, at in rows]
    assert len(found) == 7
    assert all(a == b == c for a, b, c in found)


def test_the_town_has_the_columns_that_the_schema_asks_for(sta: Connection) -> None:
    rows = sta.execute(
        "select table_name, column_name from information_schema.columns where table_schema = 'public'"
    ).fetchall()
    for relation, columns in schema.columns().items():
        assert columns <= {column for table, column in rows if table == relation}, relation


@pytest.mark.parametrize(
    ("entity", "text"),
    [
        ("Thing", "id mul 9223372036854775807 gt 1"),
        ("Observation", "result mul 1e308 mul 1e308 gt 1"),
        (
            "Observation",
            "phenomenonTime add duration'P9999999D' mul 20 gt 2026-01-01T00:00:00Z",
        ),
        ("Observation", "duration'P9999999D' mul result mul 1e300 gt duration'PT1S'"),
    ],
)
def test_a_value_that_grows_too_large_is_the_askers_mistake_and_not_the_servers(
    sta: Connection, entity: str, text: str
) -> None:
    of = ENTITIES[entity]
    with pytest.raises(psycopg.DataError) as raised:
        town.keys(sta, of, town.compiled(parse(text), (), of))
    said = refusal(raised.value.sqlstate, 5.0)
    assert said is not None
    assert "larger" in said.message


def test_a_datastream_s_day_is_found_by_an_index(sta: Connection) -> None:
    sta.execute(
        "insert into reading (datastream_id, ts, result)"
        " select 4, timestamptz '2020-01-01Z' + n * interval '10 min', n from generate_series(1, 20000) n"
    )
    try:
        sta.execute("analyze reading")
        text = "Datastream/id eq 4 and phenomenonTime ge 2020-03-01T00:00:00Z and phenomenonTime lt 2020-03-02T00:00:00Z"
        compiled = town.compiled(parse(text), (), OBSERVATION)
        [[explained]] = town.keys(sta, OBSERVATION, compiled, explain=True)
        assert "reading_pkey" in str(explained)
        assert "Seq Scan on reading" not in str(explained)
        assert estimated(explained) < 1000
        assert len(town.keys(sta, OBSERVATION, compiled)) == 144
    finally:
        sta.execute("delete from reading where datastream_id = 4")


PAIRS = (
    st.sampled_from(sorted(ENTITIES))
    .flatmap(lambda entity: st.tuples(*[st.sampled_from([case for case in FOUND if case[0] == entity])] * 2))
    .filter(lambda pair: sum(case[1].count("any(") + case[1].count("all(") for case in pair) <= LAMBDAS)
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(pair=PAIRS)
def test_filters_put_together_find_what_logic_says(
    sta: Connection, pair: Sequence[tuple[str, str, str]]
) -> None:
    (entity, one, finds_one), (_, other, finds_other) = pair
    of = ENTITIES[entity]

    def found(text: str) -> str:
        return town.named(of, town.keys(sta, of, town.compiled(parse(text), (), of)))

    def same(letters: set[str]) -> str:
        return "".join(sorted(letters))

    a, b = set(finds_one), set(finds_other)
    assert found(f"({one}) or ({other})") == same(a | b)
    assert found(f"not (not ({one}))") == same(a)
    assert set(found(f"not ({one})")) & a == set()
    both = found(f"({one}) and ({other})")
    # Conditions that go the same way are about one entity there, which is fewer than each by itself.
    assert set(both) <= a & b
    if not re.search(r"\b[A-Z]\w+s/", one):
        assert both == same(a & b)
