"""What several turns together make of an alarm's timers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.desk.model import Timer, Turn


def net_timers(
    turns: Sequence[Turn], fired: Sequence[Timer]
) -> tuple[list[tuple[int, str]], dict[tuple[int, str], Timer]]:
    """Return which timers go, and which are set after them, when turns follow one another."""
    dropped = {(timer.alarm_id, timer.name): None for timer in fired}
    kept: dict[tuple[int, str], Timer] = {}
    for turn in turns:
        for name in turn.drop_timers:
            dropped[turn.alarm.alarm_id, name] = None
            kept.pop((turn.alarm.alarm_id, name), None)
        kept.update({(timer.alarm_id, timer.name): timer for timer in turn.set_timers})
    return list(dropped), kept
