"""The scratch pad of one step: memory being changed, effects being collected."""

from __future__ import annotations

from typing import Any

from rules.core.effects import Effect, Json, SubjectState
from rules.core.memory import SECTIONS, EngineState
from rules.core.patience import Waiting


class Work:
    """Copies of the memory's sections that rules may change, and the effects so far.

    Of a subject's states only the last is kept: nobody reads those between.
    """

    def __init__(self, state: EngineState) -> None:
        self._sections: dict[str, dict[str, Any]] = {n: getattr(state, n) for n in SECTIONS}
        self._copied: set[str] = set()
        self._states: dict[tuple[str, str], SubjectState] = {}
        self.effects: list[Effect] = []
        self.touched_homes: set[str] = set()
        self.touched_bins: set[str] = set()

    def read(self, section: str) -> dict[str, Any]:
        """Return a section of the memory, not to be changed."""
        return self._sections[section]

    def write(self, section: str) -> dict[str, Any]:
        """Return a section of the memory, to be changed."""
        if section not in self._copied:
            self._sections[section] = dict(self._sections[section])
            self._copied.add(section)
        return self._sections[section]

    def tell(self, kind: str, subject: str, at_s: float, state: Json) -> None:
        """Say what is true now of a subject."""
        self._states[kind, subject] = SubjectState(kind, subject, at_s, state)

    def finish(
        self, seen_s: float | None, settled_s: float | None, waiting: Waiting
    ) -> tuple[EngineState, tuple[Effect, ...]]:
        """Return the new memory and the effects: what happened in order, then what is true."""
        state = EngineState(seen_s=seen_s, settled_s=settled_s, waiting=waiting, **self._sections)
        return state, (*self.effects, *self._states.values())
