"""What means nothing is refused before any database sees it, with words that help and the place."""

from __future__ import annotations

import pytest

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.parse import parse, parse_orders
from ops_api.sensorthings.core.schema import ENTITIES
from tests.fakes.sta_town import compiled

CASES = [
    ("Thing", "nix eq 1", 0, "Things have no nix; they have id, name, description, properties, Locations"),
    ("Thing", "Datastreams/nix eq 1", 0, "Datastreams have no nix"),
    ("Thing", "Thing/name eq 'x'", 0, "Things have no Thing"),
    ("Thing", "name/first eq 'x'", 0, "nothing is below it"),
    ("Thing", "Datastreams eq 1", 0, "is an entity"),
    ("Thing", "name eq 1", 5, "text is not compared with a whole number"),
    ("Thing", "name gt true", 5, "text is not compared with true or false"),
    ("Thing", "true gt false", 5, "by eq and ne"),
    ("Thing", "name", 0, "true or false is needed, and this is text"),
    ("Thing", "1", 0, "true or false is needed"),
    ("Thing", "not name", 4, "true or false is needed"),
    ("Thing", "name and true", 0, "true or false is needed"),
    ("Thing", "name add 1 eq 1", 5, "add of text and a whole number means nothing"),
    ("Thing", "-name eq 'x'", 0, "mul of a whole number and text"),
    ("Thing", "name gt null", 5, "null can only be compared, by eq and ne"),
    ("Thing", "null", 0, "null can only be compared"),
    ("Thing", "length(null) eq 1", 7, "null can only be compared"),
    ("Thing", "null add 1 eq 1", 0, "null can only be compared"),
    ("Thing", "frob(name) eq 1", 0, "there is no function frob()"),
    ("Thing", "length() eq 1", 0, "and this gives it nothing"),
    ("Thing", "length(name, name) eq 1", 0, "it takes length(text)"),
    ("Thing", "length(1) eq 1", 0, "and this gives it a whole number"),
    ("Thing", "substring(name, 1.5) eq 'x'", 0, "a whole number"),
    ("Thing", "substring(name, properties/x) eq 'x'", 0, "a JSON value"),
    ("Thing", "startswith(name, 1)", 0, "startswith(text, text)"),
    ("Thing", "year(name) eq 2026", 0, "year(a moment) or year(a date)"),
    ("Thing", "now(1) gt now()", 0, "takes nothing"),
    (
        "Thing",
        "properties eq 'x' and properties/x/y gt 2026-01-01",
        37,
        "a JSON value is not compared with a date",
    ),
    ("Thing", "properties/x gt 2026-01-01T00:00:00Z", 13, "a time is needed, and this is a JSON value"),
    ("Thing", "Datastreams/any(d: d/nix eq 1)", 19, "Datastreams have no nix"),
    ("Thing", "Datastreams/any(d: d eq 1)", 19, "is an entity"),
    ("Thing", "Datastreams/any(d: d/Observations/any(d: true))", 19, "d is a name already"),
    ("Thing", "Datastreams/any(d: name) and d/name eq 'x'", 19, "true or false is needed"),
    ("Thing", "Datastreams/any(d: true) and d/name eq 'x'", 29, "Things have no d"),
    ("Thing", "name/any(d: true)", 0, "are not several entities"),
    ("Datastream", "Thing/any(d: true)", 0, "are not several entities"),
    ("Thing", "properties/x/any(d: true)", 0, "are not several entities"),
    ("Thing", "Datastreams/Thing/Datastreams/Thing/Datastreams/Thing/name eq 'x'", 0, "more than 5 steps"),
    ("Location", "location eq location", 9, "st_equals()"),
    ("Location", "location eq 'x'", 9, "st_equals()"),
    ("Location", "geo.intersects(location, 'POINT(1 2)')", 25, "a geometry is needed, and this is text"),
    ("Location", "geo.intersects(name, geography'POINT(1 2)')", 15, "a geometry is needed"),
    ("Location", "geo.intersects(location, location)", 0, "one property and one geometry"),
    ("Location", "geo.intersects(geography'POINT(1 2)', geography'POINT(1 2)')", 0, "one property"),
    ("Location", "geo.length(geography'POINT(1 2)') eq 1", 0, "one property"),
    ("Location", "geo.intersects(location)", 0, "takes 2 values"),
    ("Location", "geo.length(location, location) eq 1", 0, "takes 1 value"),
    ("Location", "geo.distance(location, geography'POINT(1 2)')", 0, "true or false is needed"),
    ("Location", "st_relate(location, geography'POINT(1 2)')", 0, "takes 3 values"),
    ("Location", "st_relate(location, geography'POINT(1 2)', 'T')", 43, "nine of T"),
    ("Location", "st_relate(location, geography'POINT(1 2)', name)", 43, "nine of T"),
    ("Location", "st_buffer(location, 1) eq 1", 0, "there is no function st_buffer()"),
    ("Observation", "result eq 'warm'", 7, "a number is not compared with text"),
    ("Observation", "phenomenonTime gt 5", 15, "a time is needed, and this is a whole number"),
    ("Observation", "phenomenonTime gt '2026-01-01T00:00:00Z'", 15, "written without quotes"),
    ("Observation", "phenomenonTime eq 05:10:00", 15, "a time is needed, and this is a time of day"),
    (
        "Observation",
        "phenomenonTime add phenomenonTime gt now()",
        15,
        "add of a moment and a moment means nothing",
    ),
    ("Observation", "phenomenonTime add 1 gt now()", 15, "add of a moment and a whole number"),
    ("Observation", "phenomenonTime mul duration'PT1S' gt now()", 15, "mul of a moment and a duration"),
    ("Observation", "duration'PT1S' sub phenomenonTime gt now()", 15, "sub of a duration and a moment"),
    ("Observation", "2 div duration'PT1S' gt 1", 2, "div of a whole number and a duration"),
    ("Observation", "duration'PT1S' gt 1", 15, "a duration is not compared with a whole number"),
    ("Observation", "during(phenomenonTime, now())", 0, "needs a stretch of time"),
    ("Observation", "during(phenomenonTime)", 0, "takes two times"),
    ("Observation", "before(result, now())", 0, "a time is needed, and this is a number"),
    ("Observation", "hour(2026-01-01) eq 0", 0, "hour(a moment) or hour(a time of day)"),
    ("Observation", "now() add duration'P9999999D' gt phenomenonTime", 6, "too far away"),
    ("Observation", "now() sub duration'P9999999D' mul 9e300 gt phenomenonTime", 30, "too far away"),
    ("Observation", "selfLink eq 'x'", 0, "Observations have no selfLink"),
]
ORDERS = [
    ("Thing", "nix", "Things have no nix"),
    ("Thing", "name,Datastreams/name", "several entities"),
    ("Thing", "1", "a value orders nothing"),
    ("Thing", "now()", "a value orders nothing"),
    ("Thing", "Datastreams", "is an entity"),
    ("Location", "location", "geometries have no order"),
    ("Thing", "name add 1", "means nothing"),
]


@pytest.mark.parametrize(("entity", "text", "position", "words"), CASES, ids=[c[1] for c in CASES])
def test_what_means_nothing_is_refused(entity: str, text: str, position: int, words: str) -> None:
    expr = parse(text)
    with pytest.raises(FilterError) as raised:
        compiled(expr, (), ENTITIES[entity])
    assert words in raised.value.message
    assert (raised.value.position, raised.value.option) == (position, "$filter")


@pytest.mark.parametrize(("entity", "text", "words"), ORDERS)
def test_an_order_that_means_nothing_is_refused(entity: str, text: str, words: str) -> None:
    orders = parse_orders(text)
    with pytest.raises(FilterError) as raised:
        compiled(None, orders, ENTITIES[entity])
    assert words in raised.value.message
    assert raised.value.option == "$orderby"


def test_more_steps_to_others_than_a_query_can_take_are_refused() -> None:
    names = (
        "Datastreams/Sensor",
        "Datastreams/ObservedProperty",
        "Datastreams/Thing",
        "Locations",
        "HistoricalLocations",
    )
    enough = " and ".join(f"({'not ' if i % 2 else ''}{names[i % 5]}/id eq {i})" for i in range(8))
    assert compiled(parse(enough), (), ENTITIES["Thing"]).where
    further = " and ".join(
        f"Datastreams/any(d{i}: d{i}/Thing/Locations/HistoricalLocations/Thing/id eq {i})" for i in range(3)
    )
    assert compiled(parse(further), (), ENTITIES["Thing"]).where
    more = parse(f"{further} and Locations/id eq 1")
    with pytest.raises(FilterError, match="more than 15 steps"):
        compiled(more, (), ENTITIES["Thing"])
