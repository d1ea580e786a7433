"""Files of a night's planner that are none: refused in words that name the place."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cityops.errors import ConfigurationError
from devices.registry import Depot, Registry
from ops_api.fleet_files import read_fleet, wanted_of
from tests.fakes.fleet_towns import fleet_town

NETWORK = fleet_town(1)
TOWN = Registry(name="town", nodes=NETWORK.nodes, segments=NETWORK.segments)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"segment_id,priority\ns1,nan\n", "line 2: priority is 'nan'; a finite number is wanted"),
        (b"segment_id,priority\ns1,inf\n", "line 2: priority is 'inf'; a finite number is wanted"),
        (b"segment_id,priority\ns1,1.5\n", "line 2: priority is 1.5; a whole number is wanted"),
        (b"segment_id,due_min\ns1,-inf\n", "line 2: due_min is '-inf'; a finite number is wanted"),
        ("segment_id\nStra\u00dfe\n".encode("latin-1"), "part.csv can't be read: 'utf-8' codec"),
        (b"segment_id\n" + b"s" * 200_000, "part.csv can't be read: field larger than field limit"),
    ],
)
def test_a_part_that_is_none(tmp_path: Path, raw: bytes, words: str) -> None:
    part = tmp_path / "part.csv"
    part.write_bytes(raw)
    with pytest.raises(ConfigurationError) as caught:
        wanted_of(TOWN, 10.0, part)
    assert words in str(caught.value)


def test_a_part_as_spreadsheets_write_it(tmp_path: Path) -> None:
    part = tmp_path / "part.csv"
    part.write_text("segment_id,priority,due_min\ns1,2,\n", encoding="utf-8-sig")
    (one,) = wanted_of(TOWN, 10.0, part)
    assert (one.segment_id, one.g_m2, one.priority, one.due_s) == ("s1", 10.0, 2, None)


def test_lorries_that_are_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "lorries.toml"
    file.write_bytes("# Stra\u00dfe\nlorry = []\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"lorries\.toml"):
        read_fleet(file, NETWORK, TOWN)


@pytest.mark.parametrize(
    ("lorries", "words"),
    [
        ('{id = "G/1", depot = "d", salt_t = 9}', "lorry 'G/1': allowed in an id: letters"),
        ('{id = "", depot = "d", salt_t = 9}', "lorry '': allowed in an id: letters"),
        (
            '{id = "A", depot = "d", salt_t = 9}, {id = "B", depot = "d", salt_t = 9, device = "A"}',
            "lorries A and B both report from device A",
        ),
    ],
)
def test_lorries_whose_names_cannot_be(tmp_path: Path, lorries: str, words: str) -> None:
    file = tmp_path / "lorries.toml"
    file.write_text(f"lorry = [{lorries}]\n")
    town = msgspec.structs.replace(
        TOWN, depots=(Depot(depot_id="d", label="D", node_id=NETWORK.nodes[0].node_id),)
    )
    with pytest.raises(ConfigurationError) as caught:
        read_fleet(file, NETWORK, town)
    assert words in str(caught.value)
