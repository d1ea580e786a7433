"""What is written down beside the database of who left and what was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops_api.households.gone import Gone, GoneBook, Remembering

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def line(days: float, home_id: int = 1) -> Gone:
    return Gone(NOON + timedelta(days=days), home_id, "r", "readings")


def test_what_came_since_is_told_in_its_order(tmp_path: Path) -> None:
    book = GoneBook(tmp_path / "gone", timedelta(days=36))
    assert book.since(NOON) == []
    for at in (0, 2, 1, 20):
        book.add(line(at))
    assert book.since(NOON + timedelta(days=1)) == [line(1), line(2), line(20)]
    assert {p.stat().st_mode & 0o077 for p in (tmp_path / "gone").iterdir()} == {0}


def test_a_cut_line_hides_no_other(tmp_path: Path) -> None:
    book = GoneBook(tmp_path, timedelta(days=36))
    book.add(line(0))
    with next(tmp_path.glob("*.jsonl")).open("ab") as file:
        file.write(b'{"at": "2026-\n')
    book.add(line(1))
    assert book.since(NOON) == [line(0), line(1)]


def test_months_go_that_no_back_up_is_as_old_as(tmp_path: Path) -> None:
    book = GoneBook(tmp_path, timedelta(days=36))
    for days in (-90, -30, 0):
        book.add(line(days))
    assert sorted(p.stem for p in tmp_path.iterdir()) == ["2026-10", "2026-11"]


async def test_it_is_written_first_and_deleted_even_where_it_can_not_be(tmp_path: Path) -> None:
    seen: list[int] = []

    class Fails:
        async def erase(self, home_id: int, resident_id: str, *, forget: bool) -> Mapping[str, Any]:
            seen.append(home_id)
            raise ConnectionError

    book = GoneBook(tmp_path / "gone", timedelta(days=36))
    with pytest.raises(ConnectionError):
        await Remembering(Fails(), book).erase(7, "r", forget=True)
    assert [(one.home_id, one.what) for one in book.since(NOON - timedelta(days=36500))] == [
        (7, "everything")
    ]
    (tmp_path / "file").touch()
    with pytest.raises(ConnectionError):
        await Remembering(Fails(), GoneBook(tmp_path / "file" / "x", timedelta(1))).erase(
            8, "r", forget=False
        )
    assert seen == [7, 8]
