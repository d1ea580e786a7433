"""Addresses: what they name, and that everything else is not there."""

from __future__ import annotations

import pytest

from ops_api.sensorthings.core.errors import PathError
from ops_api.sensorthings.core.paths import parse_path
from ops_api.sensorthings.core.schema import ENTITIES, SETS


@pytest.mark.parametrize(
    ("text", "of", "many", "name", "below", "tail"),
    [
        ("/Things", "Thing", True, "", (), ""),
        ("Things/", "Thing", True, "", (), ""),
        ("/Things(1)", "Thing", False, "", (), ""),
        ("/Things/$count", "Thing", True, "", (), "$count"),
        ("/Things/$ref", "Thing", True, "", (), "$ref"),
        ("/Things(1)/Datastreams", "Datastream", True, "", (), ""),
        ("/Things(1)/Datastreams/$count", "Datastream", True, "", (), "$count"),
        ("/Things(1)/Datastreams/$ref", "Datastream", True, "", (), "$ref"),
        ("/Things(1)/Datastreams(2)", "Datastream", False, "", (), ""),
        ("/Datastreams(1)/Thing", "Thing", False, "", (), ""),
        ("/Datastreams(1)/Thing/$ref", "Thing", False, "", (), "$ref"),
        ("/Datastreams(1)/Thing/name/$value", "Thing", False, "name", (), "$value"),
        ("/Things(1)/name", "Thing", False, "name", (), ""),
        ("/Things(1)/@iot.id", "Thing", False, "id", (), ""),
        ("/Things(1)/id/$value", "Thing", False, "id", (), "$value"),
        ("/Things(1)/properties/a/0/b", "Thing", False, "properties", ("a", "0", "b"), ""),
        ("/Locations(1)/location/coordinates/$value", "Location", False, "location", ("coordinates",), "$value"),
        ("/Observations(8589934593)/result/$value", "Observation", False, "result", (), "$value"),
        ("/Observations(1)/FeatureOfInterest/Observations/$count", "Observation", True, "", (), "$count"),
        ("/Locations(1)/Things(2)/Datastreams(3)/Observations(4)/FeatureOfInterest/feature",
         "FeatureOfInterest", False, "feature", (), ""),
    ],
)  # fmt: skip
def test_an_address_names_something(
    text: str, of: str, many: bool, name: str, below: tuple[str, ...], tail: str
) -> None:
    path = parse_path(text)
    assert (path.of.name, path.many, path.name, path.below, path.tail) == (of, many, name, below, tail)


def test_the_root_is_an_address_too() -> None:
    for text in ("", "/"):
        assert parse_path(text).steps == ()
        assert not parse_path(text).many
        assert parse_path(text).condition() is None


@pytest.mark.parametrize(
    "text",
    [
        "/Nothing",
        "/things",
        "/Thing(1)",
        "/Things()",
        "/Things(a)",
        "/Things('1')",
        "/Things(-1)",
        "/Things(1.0)",
        "/Things(٣)",
        "/Things(12345678901234567)",
        "/Things(1) ",
        "/Things(1)(2)",
        "/Things(1)/Nothing",
        "/Things(1)/Things",
        "/Things/Datastreams",
        "/Things/name",
        "/Things(1)/Datastreams/name",
        "/Datastreams(1)/Thing(1)",
        "/Things(1)/name/first",
        "/Things(1)/id/x",
        "/Things(1)//name",
        "/Things(1)/properties/a//b",
        "/Things(1)/properties/" + "/".join("abcdefghi"),
        "/Things/$value",
        "/Things(1)/$value",
        "/Things(1)/$count",
        "/Things(1)/$ref",
        "/Datastreams(1)/Thing/$count",
        "/Things(1)/name/$ref",
        "/Things(1)/name/$count",
        "/Things/$ref/$count",
        "/Things/$links",
        "/$count",
        "/Things(1)/../../etc/passwd",
        "/Things(1)/properties/\x00",
        "/Things(1)/" + "x" * 1_000,
        "/Things(1)/Datastreams(1)/Thing/Datastreams(1)/Thing/Datastreams(1)/Thing",
    ],
)
def test_everything_else_is_not_there(text: str) -> None:
    with pytest.raises(PathError):
        parse_path(text)


def test_the_depth_is_what_the_installation_says() -> None:
    assert parse_path("/Things(1)/Datastreams(1)/Observations", deep=2).many
    with pytest.raises(PathError, match="1 steps"):
        parse_path("/Things(1)/Datastreams(1)/Observations", deep=1)


def test_every_way_has_a_way_back_that_leads_here() -> None:
    for entity in ENTITIES.values():
        assert SETS[entity.set] is entity
        for way in entity.ways.values():
            back = ENTITIES[way.to].ways[way.back]
            assert (back.to, back.back) == (entity.name, way.name)
