"""The scratch pad of one step: memory being changed, effects being collected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        self._states: dict[tuple[str, str], tuple[float, Json | Callable[[], Json]]] = {}
        self._of_all: dict[str, tuple[Sequence[str], float, Callable[[int], Json]]] = {}
        self.effects: list[Effect] = []
        self.silence: tuple[float, list[str]] | None = None  # see silence_rule
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

    def tell(self, kind: str, subject: str, at_s: float, state: Json | Callable[[], Json]) -> None:
        """Say what is true now of a subject; a function is only asked if nothing more is said of it."""
        self._states[kind, subject] = at_s, state

    def tell_all(self, kind: str, subjects: Sequence[str], at_s: float, said: Callable[[int], Json]) -> None:
        """Say what is true now of all subjects of a kind, by number; asked only if nothing more is said of them."""
        self._of_all[kind] = (subjects, at_s, said)

    def finish(
        self, seen_s: float | None, settled_s: float | None, waiting: Waiting
    ) -> tuple[EngineState, tuple[Effect, ...]]:
        """Return the new memory and the effects: what happened in order, then what is true."""
        state = EngineState(seen_s=seen_s, settled_s=settled_s, waiting=waiting, **self._sections)
        told = [
            SubjectState(kind, subject, at_s, said() if callable(said) else said)
            for (kind, subject), (at_s, said) in self._states.items()
        ]
        for kind, (subjects, at_s, of) in self._of_all.items():
            told += [SubjectState(kind, subject, at_s, of(i)) for i, subject in enumerate(subjects)]
        return state, (*self.effects, *told)
