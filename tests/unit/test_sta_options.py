"""Query options: what is read, what is refused, and where in the text."""

from __future__ import annotations

import pytest

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.next_link import asked, next_link
from ops_api.sensorthings.core.options import Options, parse_options, query_pairs
from ops_api.sensorthings.core.schema import ENTITIES

THING, OBSERVATION = ENTITIES["Thing"], ENTITIES["Observation"]


def options(query: str, of: str = "Thing", deep: int = 5) -> Options:
    return parse_options(query_pairs(query), ENTITIES[of], deep)


def tree(found: Options) -> dict[str, object]:
    """Return the ways that are followed, within each other."""
    return {e.way.name: tree(e.options) for e in found.expand}


def test_nothing_asked_is_everything_in_the_usual_order() -> None:
    assert options("") == Options()


def test_each_option_is_read() -> None:
    found = options(
        "$filter=id%20gt%201&$orderby=name+desc&$select=name,id,Datastreams&$top=0&$skip=10000&$count=true"
    )
    assert found.filter is not None
    assert found.orderby[0].descending
    assert found.select == ("name", "id", "Datastreams")
    assert (found.top, found.skip, found.count, found.data_array) == (0, 10_000, True, False)
    assert options("$count=false").count is False
    assert options("$resultFormat=dataArray", "Observation").data_array
    assert options("$select=name,*").select == ()
    assert options("$select=name,name").select == ("name",)
    assert options("$skiptoken=abc").skiptoken == "abc"


def test_a_plus_is_a_blank_and_what_belongs_to_others_is_left_alone() -> None:
    assert options("$filter=name+eq+'a+b'&_=123&lang=en") == options("$filter=name%20eq%20'a%20b'")
    assert options("$filter=name eq 'a%2Bb'").filter != options("$filter=name eq 'a b'").filter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Datastreams", {"Datastreams": {}}),
        ("Datastreams,Locations", {"Datastreams": {}, "Locations": {}}),
        (" Datastreams , Locations ", {"Datastreams": {}, "Locations": {}}),
        ("Datastreams/Observations", {"Datastreams": {"Observations": {}}}),
        (
            "Datastreams/Sensor,Datastreams/ObservedProperty",
            {"Datastreams": {"Sensor": {}, "ObservedProperty": {}}},
        ),
        ("Datastreams,Datastreams/Sensor", {"Datastreams": {"Sensor": {}}}),
        ("Datastreams/Sensor,Datastreams", {"Datastreams": {"Sensor": {}}}),
        ("Datastreams/Sensor,Datastreams($top=1)", {"Datastreams": {"Sensor": {}}}),
        ("Datastreams($top=1;$expand=Sensor)", {"Datastreams": {"Sensor": {}}}),
        (
            "Datastreams($expand=Sensor,Observations($top=1))",
            {"Datastreams": {"Sensor": {}, "Observations": {}}},
        ),
        ("Datastreams/Observations($filter=result gt 1;$top=2)", {"Datastreams": {"Observations": {}}}),
        (
            "Locations/HistoricalLocations/Thing/Datastreams/Observations",
            {"Locations": {"HistoricalLocations": {"Thing": {"Datastreams": {"Observations": {}}}}}},
        ),
        ("Datastreams($filter=name eq 'a,b;c)(''';$top=1),Locations", {"Datastreams": {}, "Locations": {}}),
    ],
)
def test_ways_are_followed_into_each_other(text: str, expected: dict[str, object]) -> None:
    assert tree(parse_options([("$expand", text)], THING)) == expected


def test_options_within_are_of_what_is_reached() -> None:
    text = "Datastreams($select=name;$orderby=id desc;$count=true;$top=2;$skip=1;$filter=name eq ';)')"
    within = parse_options([("$expand", text)], THING).expand[0].options
    assert (within.select, within.top, within.skip, within.count) == (("name",), 2, 1, True)
    assert within.filter is not None
    assert within.orderby[0].descending
    assert within.written[-1] == ("$filter", "name eq ';)'")


def test_both_tellings_of_a_way_are_written_in_its_link() -> None:
    found = parse_options([("$expand", "Datastreams/Sensor,Datastreams($top=1)")], THING).expand[0].options
    assert found.top == 1
    assert found.written == (("$top", "1"), ("$expand", "Sensor"))


def test_what_qgis_asks() -> None:
    found = options(
        "$filter=location/type eq 'Point' or location/geometry/type eq 'Point'&$top=0&$count=true", "Location"
    )
    assert (found.top, found.count) == (0, True)
    nested = "Things($orderby=id;$top=100;$expand=Datastreams($orderby=id;$top=100;$expand=Observations($orderby=id;$top=100)))"
    assert tree(parse_options([("$expand", nested)], ENTITIES["Location"])) == {
        "Things": {"Datastreams": {"Observations": {}}}
    }


@pytest.mark.parametrize(
    ("name", "value", "position", "words"),
    [
        ("$filter", "name eq", 7, "too early"),
        ("$orderby", "name down", 5, "not expected"),
        ("$top", "-1", 0, "whole number"),
        ("$top", "1.5", 0, "whole number"),
        ("$top", "٣", 0, "whole number"),
        ("$top", "9999999999", 0, "whole number"),
        ("$top", "", 0, "whole number"),
        ("$skip", "1048577", 0, "nextLink"),
        ("$count", "True", 0, "true or false"),
        ("$select", "name,nix", 5, "Things have no 'nix'"),
        ("$select", "*,nix", 2, "Things have no 'nix'"),
        ("$select", "name,,id", 5, "missing"),
        ("$select", "properties/a", 0, "Things have no"),
        ("$resultFormat", "dataArray", 0, "of observations"),
        ("$apply", "x", 0, "no such option"),
        ("$Filter", "x", 0, "no such option"),
        ("filter", "x", 0, "it is written $filter"),
        ("$expand", "Nix", 0, "Things have no 'Nix'"),
        ("$expand", "Datastreams/Nix", 12, "Datastreams have no 'Nix'"),
        ("$expand", "Datastreams,", 12, "missing"),
        ("$expand", "", 0, "missing"),
        ("$expand", "Datastreams(", 12, "not closed"),
        ("$expand", "Datastreams)", 11, "closes nothing"),
        ("$expand", "Datastreams('", 13, "not closed"),
        ("$expand", "Datastreams()", 11, "nothing stands"),
        ("$expand", "Datastreams($top=1)x", 11, "behind the bracket"),
        ("$expand", "Datastreams($top=1)($top=2)", 19, "behind the bracket"),
        ("$expand", "Datastreams($top)", 12, "with = and a value"),
        ("$expand", "Datastreams(top=1)", 12, "with = and a value"),
        ("$expand", "Datastreams($resultFormat=dataArray)", 12, "with = and a value"),
        ("$expand", "Datastreams($top=x)", 17, "$top: a whole number"),
        ("$expand", "Datastreams($top=1;$top=2)", 24, "$top: it is given twice"),
        ("$expand", "Datastreams($filter=name eq 1 1)", 30, "$filter: '1' is not expected"),
        ("$expand", "Datastreams($select=name,nix)", 25, "$select: Datastreams have no"),
        ("$expand", "Datastreams($expand=Observations($filter= x gt ))", 46, "$filter: it ends too early"),
        ("$expand", "Datastreams($expand=Nix)", 20, "Datastreams have no 'Nix'"),
        ("$expand", "Datastreams($top=1),Datastreams($top=2)", 20, "given twice"),
        ("$expand", "Datastreams/Thing/Datastreams/Thing/Datastreams/Thing", 48, "too many levels"),
        ("$expand", ",".join(["Datastreams"] * 31), 360, "more than 30"),
    ],
)
def test_what_is_refused_is_told_with_option_and_place(
    name: str, value: str, position: int, words: str
) -> None:
    with pytest.raises(FilterError) as raised:
        parse_options([(name, value)], THING)
    assert words in raised.value.message
    assert (raised.value.option, raised.value.position) == (name, position)


def test_levels_are_counted_however_they_are_written() -> None:
    assert tree(options("$expand=Datastreams/Sensor", deep=2))
    for text in ("Datastreams/Sensor", "Datastreams($expand=Sensor)"):
        with pytest.raises(FilterError, match="too many levels"):
            options(f"$expand={text}", deep=1)


def test_ways_are_counted_over_all_levels_since_each_is_a_query() -> None:
    leaves = "Thing,Sensor,ObservedProperty,Observations"
    enough = f"Locations($expand=Things($expand=Datastreams($expand={leaves}))),Datastreams($expand={leaves})"
    assert parse_options([("$expand", enough)], THING).expand
    many = f"Datastreams($expand=Thing($expand=Datastreams($expand={leaves})),Observations($expand=Datastream($expand={leaves})))"
    wide = (
        f"{many},Locations($expand=Things($expand={many})),HistoricalLocations($expand=Thing($expand={many}))"
    )
    with pytest.raises(FilterError, match="ways in all, at most 30"):
        parse_options([("$expand", wide)], THING, deep=7)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("$top=1&$top=1", "given twice"),
        ("$skip=1&$skiptoken=a", "in place of"),
        ("$filter=" + "x" * 8_200, "bytes"),
        ("&".join(["a=1"] * 21), "more than 20 options"),
        ("$filter=%FF", "UTF-8"),
    ],
)
def test_a_query_that_is_none_is_refused(query: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        options(query)


def test_the_next_page_asks_the_same_question() -> None:
    query = "$filter=name eq 'a %26 b %2B c'&$expand=Datastreams($top=1)&$top=2&$skip=4&$count=true"
    found = options(query)
    link = next_link("https://a.example/sta/v1.1/Things", found.written, skip=6)
    again = options(link.partition("?")[2])
    assert again.skip == 6
    assert (again.filter, again.expand, again.top, again.count) == (found.filter, found.expand, 2, True)
    assert "$expand=Datastreams($top=1)" in link
    token = next_link("https://a.example/x", found.written, token="a-b_c")
    assert options(token.partition("?")[2]).skiptoken == "a-b_c"
    assert "$skip=" not in token
    for wrong in ({}, {"skip": 1, "token": "x"}):
        with pytest.raises(ValueError, match="next page"):
            next_link("https://a.example/x", (), **wrong)  # type: ignore[arg-type]


def test_a_token_is_bound_to_its_question_and_not_to_its_page() -> None:
    one = asked("/Observations", [("$filter", "a&b=c"), ("$top", "5"), ("$skiptoken", "x")])
    assert one == asked("/Observations", [("$top", "9"), ("$filter", "a&b=c")])
    for other in ([("$filter", "a")], [("$filter", "a"), ("b", "c")], []):
        assert asked("/Observations", other) != one
    assert asked("/Things?$filter=a", []) != asked("/Things", [("$filter", "a")])


def test_every_set_can_be_paged_to_its_end_but_observations_are_not_counted_off() -> None:
    assert parse_options([("$skip", "1000000")], THING).skip == 1_000_000
    with pytest.raises(FilterError, match="nextLink"):
        parse_options([("$skip", "10001")], ENTITIES["Observation"])
