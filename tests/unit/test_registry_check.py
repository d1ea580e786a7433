"""A registry file is judged as a whole, in words; the documented example loads."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityops.errors import ConfigurationError
from cityops.settings import load_settings
from devices import registry as model
from devices.registry import Registry, parse
from ops_api.registry import read_registry
from ops_api.registry_check import IDS, RULES, problems

PAGE = Path(__file__).parents[2] / "docs" / "registry.md"
EXAMPLE: dict[str, Any] = json.loads(
    re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]  # type: ignore[index]
)
KINDS = ("bin", "frog", "road")


def changed(part: str, **fields: object) -> list[str]:
    document = json.loads(json.dumps(EXAMPLE))
    document[part][0].update(fields)
    raw = json.dumps(document).encode()
    return problems(raw, parse(raw), KINDS)


def test_the_documented_example_is_right() -> None:
    raw = json.dumps(EXAMPLE).encode()
    assert problems(raw, parse(raw), KINDS) == []
    assert all(EXAMPLE[part] for part in IDS)
    assert all(d["shard"] == zlib.crc32(d["name"].encode()) % 16 for d in EXAMPLE["devices"])


def test_every_field_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    structs = [model.Device, model.Home, model.RoadNode, model.RoadSegment, model.Depot]
    structs += [model.GrittingRoute, model.BinSite, model.BinModel, model.Ward, model.TurnBan]
    fields = {name for struct in structs for name in struct.__struct_fields__}
    assert {name for name in fields if f"`{name}`" not in page} == set()


def test_every_rule_is_for_a_field_that_there_is() -> None:
    parts = {part: type(entries[0]) for part in IDS if (entries := getattr(_registry(), part))}
    assert {p: [f for f in RULES[p] if f not in parts[p].__struct_fields__] for p in RULES} == {
        p: [] for p in RULES
    }


def _registry() -> Registry:
    return msgspec.json.decode(json.dumps(EXAMPLE), type=Registry)


@pytest.mark.parametrize(
    ("part", "fields", "said"),
    [
        ("devices", {"name": "Road/1"}, "devices[0], 'Road/1': name is 'Road/1'; allowed: lower case letters"),
        ("devices", {"latitude_deg": 951.5}, "devices[0], 'frog-0001': latitude_deg is 951.5; allowed: -90 to 90"),
        ("devices", {"cadence_s": 0}, "cadence_s is 0; allowed: 1 to 2147483647"),
        ("devices", {"shard": 256}, "shard is 256; allowed: 0 to 255"),
        ("devices", {"kind": "frgo"}, "devices, 'frog-0001': kind is 'frgo'; known: bin, frog, road"),
        ("devices", {"installed_at": "2025-01-01T00:00:00"}, "installed_at is 2025-01-01T00:00:00; allowed: a time with"),
        ("devices", {"label": "a\0b"}, "devices[0]: label has a character with the code 0"),
        ("devices", {"latitude": 1.0}, "devices[0]: 'latitude' is no field"),
        ("devices", {"name": "road-0001"}, "devices: name 'road-0001' is there 2 times"),
        ("homes", {"temperature_factor": 7.0}, "temperature_factor is 7.0; allowed: more than 0, at most 1"),
        ("segments", {"length_m": 0.0}, "length_m is 0.0; allowed: more than 0"),
        ("segments", {"road_class": "M"}, "road_class is 'M'; allowed: A, B, C or U"),
        ("segments", {"carriageway": "both"}, "carriageway is 'both'; allowed: single, dual, roundabout or slip"),
        ("segments", {"lanes": 0}, "lanes is 0; allowed: 1 to 20"),
        ("segments", {"max_weight_t": 0.0}, "max_weight_t is 0.0; allowed: more than 0"),
        ("turn_bans", {"via": 2}, "turn_bans[0]: 'via' is no field"),
        ("wards", {"boundary": [[0.1, 52.0], [0.2, 52.0]]}, "allowed: at least 3 pairs of longitude"),
        ("wards", {"boundary": [[52.0, 0.1], [52.0, 0.2], [520.0, 0.2]]}, "allowed: at least 3 pairs of longitude"),
        ("bins", {"threshold_pct": 900.0}, "threshold_pct is 900.0; allowed: more than 0, at most 100"),
        ("bins", {"service_s": -1.0}, "service_s is -1.0; allowed: 0 or more"),
        ("bin_models", {"full_distance_mm": 1050.0}, "'litter-240': empty_distance_mm must be more than full_distance_mm"),
        ("bin_models", {"profile": [[0.5, 0.6], [0.4, 0.7]]}, "allowed: pairs of height and volume, both rising from 0 to 1"),
        ("bin_models", {"profile": [[0.5, 0.6], [0.7, 0.5]]}, "allowed: pairs of height and volume, both rising from 0 to 1"),
        ("bin_models", {"profile": [[0.5, 1.2]]}, "allowed: pairs of height and volume, both rising from 0 to 1"),
        ("bin_models", {"step_pct": 90.0}, "step_pct is 90.0; allowed: 0 to 50"),
        ("bins", {"full_distance_mm": 2000.0}, "'market-1': empty_distance_mm must be more than full_distance_mm"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(part: str, fields: dict[str, object], said: str) -> None:
    found = changed(part, **fields)
    assert len(found) == 1, found
    assert said in found[0]


def test_zero_and_none_are_values() -> None:
    assert changed("devices", latitude_deg=0.0, longitude_deg=None) == []


def test_a_misspelt_list_is_no_empty_registry(tmp_path: Path) -> None:
    file = tmp_path / "town.json"
    file.write_text('{"name": "x", "devicez": []}')
    with pytest.raises(ConfigurationError, match="'devicez' is no part of a registry"):
        read_registry(load_settings(), file)


def test_ten_problems_are_enough(tmp_path: Path) -> None:
    file = tmp_path / "town.json"
    device = EXAMPLE["devices"][0] | {"cadence_s": -1}
    file.write_text(json.dumps({"name": "x", "devices": [device | {"name": f"frog-{i}"} for i in range(25)]}))
    with pytest.raises(ConfigurationError) as caught:
        read_registry(load_settings(), file)
    assert len(str(caught.value).splitlines()) == 12
    assert str(caught.value).endswith("and 15 more")
