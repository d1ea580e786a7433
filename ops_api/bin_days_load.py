"""A file's way into the timetable, and one change as somebody typed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from ops_api.wiring_bin_days import BinDaysDoor
from rules.bin_days.fields import Wrong
from rules.bin_days.loading import Loaded, read_change, read_file
from rules.bin_days.ports import BinDays
from rules.core.bin_days.model import Change
from rules.core.bin_days.published import Timetable, replaced

KEPT_LEAST = 0.9
"""A file with less of the premises that are there is taken for half a file."""


async def load_file(door: BinDaysDoor, file: Path, *, fewer: bool = False) -> list[str]:
    """Put a file's parts in the place of those that are there; return what was done, in lines.

    Args:
        door: the timetable.
        file: to read.
        fewer: whether more than a tenth of the premises may go: who is reminded there is forgotten.

    Raises:
        ConfigurationError: what is wrong with the file, or that something that stays names a round that goes.
    """
    before = await door.days.timetable()
    loaded = read_file(file, [r.round_id for r in before.rounds])
    today = datetime.fromtimestamp(door.now_s, door.zone).date()

    def revise(table: Timetable) -> Timetable:
        rounds = table.rounds if loaded.rounds is None else loaded.rounds
        changes = table.changes if loaded.changes is None else loaded.changes
        names = {r.round_id for r in rounds}
        lost = sorted({c.round_id for c in changes if c.round_id is not None} - names)
        if lost:
            raise ConfigurationError(
                f"a change is about the round {lost[0]!r}, which the file does not have; load them together"
            )
        return replaced(table, rounds, changes, today, door.now_s)

    await _check_rounds(door.days, loaded)
    if not fewer:
        await _check_premises(door.days, loaded)
    after = await door.days.replace(revise, loaded.premises)
    known = {r.key: r.sequence for r in before.revisions}
    told = sum(known.get(r.key, 0) != r.sequence for r in after.revisions)
    return [
        f"{len(after.rounds)} rounds, {len(after.changes)} changes, {await door.days.count()} premises",
        f"{told} collections that were published are on another day now, or on none",
    ]


async def _check_rounds(days: BinDays, loaded: Loaded) -> None:
    """Refuse rounds without premises where that would leave premises without rounds."""
    if loaded.rounds is None or loaded.premises is not None or not await days.count():
        return
    gone = {r.round_id for r in (await days.timetable()).rounds} - {r.round_id for r in loaded.rounds}
    if gone:
        raise ConfigurationError(
            f"the round {sorted(gone)[0]!r} goes, and premises may have it; load the premises in the same file"
        )


async def _check_premises(days: BinDays, loaded: Loaded) -> None:
    """Refuse half a register: with premises their residents' reminders go, and nobody can ask those people again."""
    there = await days.count()
    if loaded.premises is not None and len(loaded.premises) < KEPT_LEAST * there:
        raise ConfigurationError(
            f"the file has {len(loaded.premises)} premises, and {there} are there: the others would go, and the reminders of who lives there; "
            "say --fewer if that is meant"
        )


def change_from(row: Mapping[str, Any], rounds: Sequence[str]) -> Change:
    """Return a change.

    Raises:
        ConfigurationError: naming the field, its value and what is allowed.
    """
    try:
        return read_change(row, rounds)
    except Wrong as wrong:
        raise ConfigurationError("; ".join(wrong.problems)) from wrong
