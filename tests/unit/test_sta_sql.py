"""SQL text of filters: which part is about the row, which about its datastream, and what stays of one entity."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.parse import parse, parse_orders
from ops_api.sensorthings.core.paths import parse_path
from ops_api.sensorthings.core.schema import ENTITIES, OBSERVATION
from ops_api.sensorthings.core.sql import Compiled, to_sql
from tests.fakes.sta_town import NOW, compiled


def of(text: str, entity: str = "Observation") -> Compiled:
    return compiled(parse(text), (), ENTITIES[entity])


def aliases(sql: str) -> set[str]:
    return set(re.findall(r"\b([a-z]+[0-9]*)\.", sql))


@pytest.mark.parametrize(
    "text",
    [
        "Datastream/id eq 1",
        "Datastream/Thing/name eq 'a' and Datastream/ObservedProperty/id eq 1",
        "not (Datastream/id eq 1)",
        "Datastream/Observations/any(x: x/result gt 1)",
        "geo.intersects(Datastream/observedArea, geography'POINT(1 2)')",
    ],
)
def test_what_is_asked_of_the_datastream_alone_chooses_datastreams_before_any_row_is_read(text: str) -> None:
    found = of(text)
    assert found.where == "true"
    assert "o" not in aliases(found.stream_where)
    assert "d" in aliases(found.stream_where)


@pytest.mark.parametrize(
    "text",
    [
        "result gt 1",
        "result gt Datastream/properties/limit",
        "Datastream/id eq 1 or result gt 1",
        "FeatureOfInterest/id eq 1",
    ],
)
def test_what_is_asked_of_the_row_stays_with_it(text: str) -> None:
    found = of(text)
    assert found.stream_where == "true"
    assert "o" in aliases(found.where)


def test_each_part_goes_where_it_belongs() -> None:
    found = of("result gt 1 and Datastream/id eq 2 and phenomenonTime gt 2026-01-01T00:00:00Z")
    assert aliases(found.where) == {"o"}
    assert aliases(found.stream_where) == {"d"}
    assert sorted(map(str, found.params.values()))[:2] == ["1", "2"]


def test_what_is_said_of_one_further_entity_is_not_torn_apart() -> None:
    found = of(
        "result gt Datastream/Thing/Locations/properties/least and Datastream/Thing/Locations/name eq 'Field'"
    )
    assert found.stream_where == "true"
    assert found.where.count("exists") == 1


def test_parts_about_one_way_share_one_exists_and_others_have_their_own() -> None:
    assert (
        of("Datastreams/id eq 1 and name eq 'a' and Datastreams/name eq 'b'", "Thing").where.count("exists")
        == 1
    )
    assert of("Datastreams/id eq 1 or Datastreams/name eq 'b'", "Thing").where.count("exists") == 1
    assert of("Datastreams/id eq 1 and Locations/name eq 'b'", "Thing").where.count("exists") == 2
    assert of("Datastreams/id eq 1 or Locations/name eq 'b'", "Thing").where.count("exists") == 2
    assert of("not (Datastreams/id eq 1) and Datastreams/name eq 'b'", "Thing").where.count("exists") == 2


def test_the_address_stands_apart_from_the_filter() -> None:
    within = parse_path("/Things(1)/Locations").condition()
    found = compiled(parse("Things/name eq 'a'"), (), ENTITIES["Location"], within=within)
    assert found.where.count("exists") == 2
    both = compiled(
        parse("result gt 1"), (), OBSERVATION, within=parse_path("/Datastreams(7)/Observations").condition()
    )
    assert both.bounds.datastream_ids == (7,)
    assert not both.bounds.exact


def test_nothing_asked_is_everything_by_id() -> None:
    found = compiled(None, (), ENTITIES["Thing"])
    assert (found.where, found.stream_where, found.order, dict(found.params)) == (
        "true",
        "true",
        "q.thing_id",
        {},
    )
    assert found.bounds.exact
    assert compiled(None, (), OBSERVATION).order == "d.datastream_id, o.ts"


def test_nulls_are_spoken_of_only_where_there_may_be_any_so_that_an_index_serves() -> None:
    def order(text: str, entity: str = "Observation") -> str:
        return compiled(None, parse_orders(text), ENTITIES[entity]).order

    assert order("phenomenonTime desc") == "o.ts desc, d.datastream_id, o.ts"
    assert (
        order("resultTime desc,id desc") == "o.received_at desc nulls last, d.datastream_id desc, o.ts desc"
    )
    assert order("name,id,description", "Thing") == "q.name, q.thing_id"
    assert order("Thing/name", "Datastream").startswith("(select n0.name from sta_thing n0 where")


def test_moments_reach_the_database_in_utc_and_now_is_what_it_is_told() -> None:
    found = of("phenomenonTime gt 2026-01-09T01:00:00+01:00 and resultTime lt now() sub duration'PT1H'")
    assert list(found.params.values()) == [datetime(2026, 1, 9, tzinfo=UTC), NOW - timedelta(hours=1)]
    assert all(v.tzinfo is UTC for v in found.params.values() if isinstance(v, datetime))
    east = datetime(2026, 1, 9, tzinfo=timezone(timedelta(hours=2)))
    told = to_sql(parse("phenomenonTime gt now()"), (), OBSERVATION, "o", now=east, stream="d")
    assert told.params == {"p0": datetime(2026, 1, 8, 22, tzinfo=UTC)}


def test_queries_that_are_put_together_do_not_share_names() -> None:
    one = to_sql(parse("name eq 'a'"), (), ENTITIES["Thing"], "t", now=NOW, names="a")
    other = to_sql(parse("name eq 'b'"), (), ENTITIES["Thing"], "t", now=NOW, names="b")
    assert not set(one.params) & set(other.params)


@pytest.mark.parametrize("alias", ["n", "n1", "T", "a b", "a;", "a1", 'a"'])
def test_an_alias_that_could_be_taken_for_one_of_ours_is_refused(alias: str) -> None:
    for given in ({"prefix": alias}, {"prefix": "t", "stream": alias}, {"prefix": "t", "names": alias}):
        with pytest.raises(ValueError, match="no alias"):
            to_sql(None, (), OBSERVATION, now=NOW, **given)  # type: ignore[arg-type]


def test_questions_about_shapes_say_all_that_is_needed() -> None:
    found = of(
        "geo.distance(geography'POINT(1 2)', location) lt 1 and st_within(geography'POINT(3 4)', location)",
        "Location",
    )
    distance, within = found.geo
    assert (distance.op, distance.numeric, distance.entity, distance.wkt) == (
        "distance",
        True,
        "Location",
        "POINT(1 2)",
    )
    assert (within.op, within.numeric, within.wkt) == ("contains", False, "POINT(3 4)")
    assert distance.name != within.name
    assert f"%({within.name})s" in found.where
    assert within.position == 55


def test_an_order_s_mistake_is_told_of_the_order() -> None:
    with pytest.raises(FilterError) as raised:
        compiled(parse("true"), parse_orders("id,name/x"), ENTITIES["Thing"])
    assert raised.value.option == "$orderby"
