"""The scratch pad of one step: memory being changed, effects being collected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rules.core.context import Context
from rules.core.effects import Effect, Json, SubjectState
from rules.core.kept import Kept, Table
from rules.core.memory import SECTIONS, EngineState
from rules.core.patience import Waiting
from rules.core.segment_views import Views

Watch = Callable[[Views, float], None]
"""Shown all roads at a tick, and its time [s since 1970]."""
T = TypeVar("T", bound=Table)
Place = tuple[int, int, int]
"""Where an effect belongs: run of readings, part of it (0: what is evaluated before), place within."""


class Work:
    """Copies of the memory's sections that rules may change, and the effects so far.

    A section may be worked on in columns (:meth:`table`); whoever reads it as a dictionary gets
    what the columns say. Effects come in the order of their places (:meth:`goto`), not of time.
    Of a subject's states only the last is kept: nobody reads those between.
    """

    def __init__(self, state: EngineState, watch: Watch | None = None) -> None:
        self._watch = watch
        self._sections: dict[str, dict[str, Any]] = {n: getattr(state, n) for n in SECTIONS}
        self._copied: set[str] = set()
        self._tables: dict[str, Table] = {}
        self._kept: Kept | None = None
        self._states: dict[tuple[str, str], tuple[float, Json | Callable[[], Json]]] = {}
        self._roads: tuple[Views, float] | None = None
        self.effects: list[Effect] = []
        self._effects: dict[Place, list[Effect]] = {(-1, 0, 0): self.effects}
        self.touched_homes: set[str] = set()
        self.touched_bins: set[str] = set()

    def goto(self, place: Place) -> None:
        """Let the effects that follow stand at a place; at the same place they stand in order."""
        self.effects = self._effects.setdefault(place, [])

    def read(self, section: str) -> dict[str, Any]:
        """Return a section of the memory, not to be changed."""
        table = self._tables.get(section)
        if table is not None and table.has_changed():
            table.flush(self._copy(section))
        return self._sections[section]

    def write(self, section: str) -> dict[str, Any]:
        """Return a section of the memory, to be changed."""
        table = self._tables.pop(section, None)
        if table is not None:
            table.flush(self._copy(section))
        return self._copy(section)

    def put(self, section: str, subject: str, value: Any) -> None:
        """Change one subject's memory, also in the section's columns; nothing else of it may wait there."""
        self._copy(section)[subject] = value
        if section in self._tables:
            self._tables[section].reload(subject, value)

    def table(self, section: str, ctx: Context, make: Callable[[Context, dict[str, Any]], T]) -> T:
        """Return a section in columns, to be changed."""
        found: Any = self._tables.get(section)
        if found is None:
            self._kept = ctx.kept
            memory = self._sections[section]
            found = ctx.kept.take(section, memory) or make(ctx, memory)
            self._tables[section] = found
        return found  # type: ignore[no-any-return]

    def _copy(self, section: str) -> dict[str, Any]:
        if section not in self._copied:
            self._sections[section] = dict(self._sections[section])
            self._copied.add(section)
        return self._sections[section]

    def tell(self, kind: str, subject: str, at_s: float, state: Json | Callable[[], Json]) -> None:
        """Say what is true now of a subject; a function is only asked if nothing more is said of it."""
        if self._watch is None:
            self._states[kind, subject] = at_s, state

    def tell_roads(self, found: Views, at_s: float) -> None:
        """Say what is true now of all roads; asked only if nothing more is said of them."""
        self._roads = (found, at_s)
        if self._watch is not None:
            self._watch(found, at_s)

    def finish(
        self, seen_s: float | None, settled_s: float | None, waiting: Waiting
    ) -> tuple[EngineState, tuple[Effect, ...]]:
        """Return the new memory and the effects: what happened in order, then what is true."""
        for section, table in self._tables.items():
            if table.has_changed():
                table.flush(self._copy(section))
            if self._kept is not None:
                self._kept.put(section, self._sections[section], table)
        state = EngineState(seen_s=seen_s, settled_s=settled_s, waiting=waiting, **self._sections)
        told = [
            SubjectState(kind, subject, at_s, said() if callable(said) else said)
            for (kind, subject), (at_s, said) in self._states.items()
        ]
        if self._roads is not None and self._watch is None:
            found, at_s = self._roads
            ids = found.ctx.graph.segment_index
            told += [
                SubjectState("segment", i, at_s, state) for i, state in zip(ids, found.told, strict=True)
            ]
        happened = [e for place in sorted(self._effects) for e in self._effects[place]]
        return state, (*happened, *told)
