"""What there is one of is said so by the commands that count."""

from __future__ import annotations

from pathlib import Path

from cityops.finding import Finding
from devices.agent.doctor import agent_state, machine
from devices.agent.doctor.finding import report
from devices.agent.entry import Entry
from devices.agent.forget import in_words
from devices.agent.outbox_forgotten import Erased
from devices.agent.sqlite_outbox import SqliteOutbox


def test_a_doctor_counts_one_warning_and_one_restart() -> None:
    assert report([Finding("card", "warn", "old")]).endswith("0 failed, 1 warning, 0 well")
    assert report([]).endswith("0 failed, 0 warnings, 0 well")
    shown = "LoadState=loaded\nActiveState=active\nNRestarts={}\nWatchdogUSec=2min\n"
    assert machine.unit(shown.format(1)).detail == "runs; started again once"
    assert machine.unit(shown.format(2)).detail == "runs; started again 2 times"


def test_a_doctor_counts_one_entry(tmp_path: Path) -> None:
    box = SqliteOutbox(tmp_path / "outbox.db")
    box.append(Entry(1, 1, "reading", 0, 0, 2, b"{}"))
    box.close()
    assert agent_state.outbox(tmp_path, 0.0).detail == "1 entry, 1 without a receipt"


def test_one_entry_stays_until_the_town_has_it() -> None:
    assert "1 entry that the town has; 1 still to be sent stays until the town has it:" in in_words(
        Erased(1, 1)
    )
    assert "0 entries that the town has; 2 still to be sent stay until the town has them:" in in_words(
        Erased(0, 2)
    )
