"""What an outbox was to forget, as it stands on the card."""

from __future__ import annotations

import sqlite3

import pytest

from devices.agent.outbox_forgotten import Forgotten, read_forgotten, write_forgotten


def _meta() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("create table meta (key text primary key, value text)")
    return db


def test_what_was_written_is_read() -> None:
    db = _meta()
    write_forgotten(db, Forgotten((7, 0), traces=True))
    assert read_forgotten(db) == Forgotten((7, 0), traces=True)


@pytest.mark.parametrize("value", ["", "7", "7 x 0", "7 1 0 0", f"{2**63} 1 0", f"7 {-(2**63) - 1} 1"])
def test_a_damaged_row_says_nothing(value: str) -> None:
    db = _meta()
    db.execute("insert into meta values ('forgotten_to', ?)", (value,))
    assert read_forgotten(db) == Forgotten()
