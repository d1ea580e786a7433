"""Events on the disk: in their order, across a restart, and never more than there is room for."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from cityops.settings import load_settings
from ingest.bridge.spool import Spool
from ops_api.wiring_lorawan import OneOfMachine, spool_of
from tests.fakes.lorawan import CHIRP, TTN


def test_in_order_and_across_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "spool.sqlite"
    spool = Spool(path, 1000)
    for number in range(3):
        spool.append(1, "ttn_v3", f"t{number}", bytes([number]))
    spool.keep_sources([CHIRP, TTN])
    spool.close()
    again = Spool(path, 1000)
    assert again.waiting == 3
    assert [e.topic for e in again.oldest(10)] == ["t0", "t1", "t2"]
    again.remove([e.event_id for e in again.oldest(2)])
    assert (again.waiting, [e.body for e in again.oldest(10)]) == (1, [b"\x02"])
    assert again.kept_sources() == [CHIRP, TTN]
    assert path.stat().st_mode & 0o777 == 0o600
    again.close()


def test_the_oldest_go_where_no_room_is_left(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.sqlite", 100)
    for number in range(12):
        spool.append(1, "ttn_v3", str(number), b"x" * 10)
    assert (spool.waiting, spool.lost) == (10, 2)
    assert spool.oldest(1)[0].topic == "2"
    spool.close()


def test_what_another_process_carried_is_not_waited_for(tmp_path: Path) -> None:
    one, other = Spool(tmp_path / "s", 1000), None
    one.append(1, "ttn_v3", "t", b"x")
    other = Spool(tmp_path / "s", 1000)
    one.remove([e.event_id for e in one.oldest(1)])
    assert (other.waiting, other.oldest(1), other.waiting) == (1, [], 0)


def test_in_memory_where_nothing_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings = load_settings(data_dir=blocked / "data")
    spool = spool_of(settings)
    spool.append(1, "ttn_v3", "t", b"x")
    assert spool.waiting == 1
    assert OneOfMachine(blocked / "data" / "lock").mine()
    with pytest.raises(ConfigurationError, match=r"lorawan\.spool"):
        spool_of(load_settings(data_dir=tmp_path, lorawan={"spool": blocked / "s"}))


def test_a_file_that_is_no_spool_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(b"this is no database, " * 100)
    with pytest.raises(sqlite3.DatabaseError):
        Spool(path, 1000)


def test_one_process_of_a_machine(tmp_path: Path) -> None:
    first, second = OneOfMachine(tmp_path / "lock"), OneOfMachine(tmp_path / "lock")
    assert (first.mine(), second.mine(), first.mine()) == (True, False, True)
    first.close()
    assert second.mine()
    second.close()
