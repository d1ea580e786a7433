"""A platform as the watch sees it, in which nothing is wrong unless a test says so."""

from __future__ import annotations

from collections.abc import Iterable

from rules.catalogue.watches import load_watch
from rules.core.alarm_book import OpenAlarm
from rules.core.effects import AlarmEffect, ClearAlarm, RaiseAlarm
from rules.core.watch.judge import judge
from rules.core.watch.model import Memory, Seen, Watched

T = 1_764_000_000.0
WATCHED = Watched(load_watch(), {"winter": ("winter",), "operations": ("default", "platform")})


def seen(now_s: float, **fields: object) -> Seen:
    """Return what is seen at a time; all is well but for the fields given."""
    known: dict[str, object] = {
        "received_s": now_s - 5.0, "devices": 20, "cadence_s": 60.0, "waiting_since_s": None, "channels": (),
        "people": 3, "next_s": {"winter": now_s, "operations": now_s},
    }  # fmt: skip
    return Seen(now_s=now_s, **(known | fields))  # type: ignore[arg-type]


class Watching:
    """Looks one after the other, with the alarms that follow."""

    def __init__(self, watched: Watched = WATCHED) -> None:
        self.watched, self.memory = watched, Memory()
        self.effects: list[AlarmEffect] = []
        self.up: dict[tuple[str, str, str], OpenAlarm] = {}

    def look(self, now: Seen) -> list[AlarmEffect]:
        """Look once; return what changes."""
        judged = judge(now, self.watched, self.memory, list(self.up.values()))
        self.memory = judged.memory
        for effect in judged.effects:
            key = (effect.rule_id, effect.subject_kind, effect.subject)
            if isinstance(effect, RaiseAlarm):
                self.up[key] = OpenAlarm(len(self.effects) + 1, *key, effect.severity, effect.at_s)
            elif isinstance(effect, ClearAlarm):
                del self.up[key]
        self.effects += judged.effects
        return list(judged.effects)

    def each(self, looks: Iterable[Seen]) -> list[tuple[float, str, str]]:
        """Look several times; return when what happened to which subject."""
        found = []
        for now in looks:
            found += [(now.now_s, type(e).__name__, e.subject) for e in self.look(now)]
        return found
