"""Field maps: what they read, what they refuse, and the key that is to blame."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from devices.contract.kind import discover
from ingest.core.lorawan.apply_map import apply_map
from ingest.core.lorawan.decoded import DecodeError
from ingest.core.lorawan.field_map import MapError, read_map

BIN = discover()["bin"]
ROAD = discover()["road"]


def fields(spec: Any, decoded: Any) -> dict[str, float]:
    [sample] = apply_map(read_map({"fields": spec}, BIN), decoded).samples
    return dict(sample.fields)


@pytest.mark.parametrize(
    ("rule", "value", "wanted"),
    [
        ("d", 2116, 2116.0),
        ("d", "2116 mm", 2116.0),
        ("d", "211.6cm", 2116.0),
        ("d", " 2.116 m", 2116.0),
        ({"from": "d", "unit": "cm"}, 120, 1200.0),
        ({"from": "d", "unit": "cm"}, "120", 1200.0),
        ({"from": "d", "unit": "cm"}, "1200 mm", 1200.0),
        ({"from": "d", "scale": 10}, 120, 1200.0),
        ({"from": "d", "scale": -1, "offset": 3000}, 1000, 2000.0),
        ("d", {"value": 1234, "unit": "mm", "displayName": "Distance"}, 1234.0),
        ("d", {"value": 1.5, "unit": "m"}, 1500.0),
        ({"from": "d", "enum": {"near": 300, "far": 2000}}, "far", 2000.0),
        ({"from": "d", "enum": {"1": 300}}, 1.0, 300.0),
        ({"from": "d", "enum": {"true": 300}}, True, 300.0),
    ],
)
def test_values(rule: Any, value: Any, wanted: float) -> None:
    assert fields({"distance_mm": rule}, {"d": value}) == {"distance_mm": wanted}


def test_paths_through_objects_and_lists() -> None:
    decoded = {"a": [{"b.c": 700}, {"b.c": 800}]}
    assert fields({"distance_mm": ["a", "0", "b.c"]}, decoded) == {"distance_mm": 700.0}
    assert fields({"distance_mm": ["a", "-1", "b.c"]}, decoded) == {"distance_mm": 800.0}
    nowhere = read_map({"fields": {"distance_mm": ["a", "--1", "b.c"]}}, BIN)
    assert apply_map(nowhere, decoded).samples == ()


def test_percentages_temperatures_and_volts() -> None:
    spec = {
        "fill_pct": {"from": "fill", "unit": "ratio"}, "temperature_c": {"from": "t", "unit": "F"}, "battery_v": {"from": "v", "unit": "mV"},
        "battery_pct": "b",
    }  # fmt: skip
    found = fields(spec, {"fill": 0.25, "t": 212, "v": 3600, "b": "92 %"})
    assert found == {
        "fill_pct": 25.0,
        "temperature_c": pytest.approx(100.0),
        "battery_v": pytest.approx(3.6),
        "battery_pct": 92.0,
    }


def test_a_sentinel_is_not_measured_and_0_is_a_number() -> None:
    spec = {"fields": {"fill_pct": "f", "distance_mm": {"from": "d", "sentinel": [0, 65535, "No Sensor"]}}}
    for value in (0, 65535, "No Sensor", "0 mm"):
        decoded = apply_map(read_map(spec, BIN), {"d": value, "f": 0})
        assert decoded.samples[0].fields == {"fill_pct": 0.0}
        assert "distance_mm" in decoded.not_measured


def test_what_is_not_there_is_not_made_up() -> None:
    spec = {
        "fields": {"fill_pct": "f", "distance_mm": {"from": "d", "when": {"path": "ok", "is": [True, "yes"]}}}
    }
    found = read_map(spec, BIN)
    assert apply_map(found, {"f": 1}).samples[0].fields == {"fill_pct": 1.0}
    assert apply_map(found, {"f": 1, "d": None, "ok": True}).samples[0].fields == {"fill_pct": 1.0}
    assert apply_map(found, {"f": 1, "d": 900, "ok": False}).samples[0].fields == {"fill_pct": 1.0}
    assert apply_map(found, {"f": 1, "d": 900, "ok": "yes"}).samples[0].fields == {
        "fill_pct": 1.0,
        "distance_mm": 900.0,
    }
    # 1 is not true.
    assert apply_map(found, {"f": 1, "d": 900, "ok": 1}).samples[0].fields == {"fill_pct": 1.0}
    assert apply_map(found, {}).samples == ()


def test_a_list_of_readings_with_times() -> None:
    spec = {"fields": {"distance_mm": "d"}, "each": "history", "at": "t"}
    history = [
        {"d": 900, "t": 1_763_640_000},
        {"d": 910, "t": 1_763_640_600_000},
        {"d": 920, "t": "2026-11-20T12:00:00Z"},
        {"d": 930},
    ]
    found = apply_map(read_map(spec, BIN), {"history": history}).samples
    assert [s.fields["distance_mm"] for s in found] == [900.0, 910.0, 920.0, 930.0]
    assert [s.at for s in found] == [
        datetime.fromtimestamp(1_763_640_000, UTC), datetime.fromtimestamp(1_763_640_600, UTC), datetime(2026, 11, 20, 12, tzinfo=UTC), None,
    ]  # fmt: skip
    assert apply_map(read_map(spec, BIN), {}).samples == ()


@pytest.mark.parametrize(
    ("rule", "value", "why"),
    [
        ("d", "far", "d for distance_mm: 'far' is no number"),
        ("d", "12 apples", "unit 'apples' is none of"),
        ("d", True, "give an enum"),
        ("d", [1], "give an enum"),
        ("d", float("nan"), "finite"),
        ("d", float("inf"), "finite"),
        ("d", 10**400, "finite"),
        ({"from": "d", "enum": {"near": 1}}, "far", "is none of near"),
    ],
)
def test_values_that_are_none(rule: Any, value: Any, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        apply_map(read_map({"fields": {"distance_mm": rule}}, BIN), {"d": value})


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (None, "the map: None"),
        ({}, "fields: wanted"),
        ({"fields": {}}, "fields: wanted"),
        ({"fields": {"distance_mm": "d"}, "more": 1}, "more: no such key"),
        ({"fields": {"distance": "d"}}, "fields.distance: kind bin has no such field; it has distance_mm"),
        ({"fields": {"battery_pct": "b"}}, "kind bin needs distance_mm or fill_pct"),
        ({"fields": {"distance_mm": 7}}, "fields.distance_mm: 7; wanted is an object"),
        ({"fields": {"distance_mm": {}}}, "fields.distance_mm.from: missing"),
        ({"fields": {"distance_mm": ""}}, "fields.distance_mm: ''"),
        (
            {"fields": {"distance_mm": {"from": "d", "unit": "V"}}},
            "fields.distance_mm.unit: 'V'; distance_mm may be given in mm",
        ),
        ({"fields": {"distance_mm": {"from": "d", "scale": "10"}}}, "fields.distance_mm.scale"),
        ({"fields": {"distance_mm": {"from": "d", "scale": float("nan")}}}, "fields.distance_mm.scale"),
        ({"fields": {"distance_mm": {"from": "d", "ofset": 1}}}, "fields.distance_mm.ofset: no such key"),
        ({"fields": {"distance_mm": {"from": "d", "enum": {"a": "b"}}}}, "fields.distance_mm.enum.a"),
        ({"fields": {"distance_mm": {"from": "d", "when": {"path": "x"}}}}, "fields.distance_mm.when"),
        ({"fields": {"distance_mm": {"from": "d", "sentinel": [{}]}}}, "fields.distance_mm.sentinel"),
        ({"fields": {"distance_mm": "d"}, "each": 7}, "each: 7"),
    ],
)
def test_maps_that_are_none_name_the_key(spec: Any, why: str) -> None:
    with pytest.raises(MapError, match=why):
        read_map(spec, BIN)


def test_required_fields_are_asked_for() -> None:
    with pytest.raises(MapError, match="kind road needs air_temperature_c, humidity_pct"):
        read_map({"fields": {"surface_temperature_c": "t"}}, ROAD)
