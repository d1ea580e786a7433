"""Settled readings on their way to the rules, cut where event time passes a minute.

Most rules do not ask for readings minute by minute: a home's are looked at by nobody else, a road
sensor's every few minutes, what data quality notes once an hour. Their readings are kept back and
taken many at a time; what is said of them still stands where the reading counts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rules.core import home_rule, segment_rule, treatment_rule
from rules.core.context import Context
from rules.core.home_rule import Came
from rules.core.numbers import Devices
from rules.core.quality import notes as quality_notes
from rules.core.readings import Readings
from rules.core.settling import Settled
from rules.core.work import Work

TICK_S = 60.0


class Flow:
    """The runs of a step's readings: run ``i`` ends at ``ends_s[i]`` [s since 1970], before the next full minute."""

    def __init__(self, work: Work, ctx: Context, found: Settled) -> None:
        self._work, self._ctx, self._readings = work, ctx, dict(found.readings)
        if "gritter" in self._readings:
            self._readings["gritter"] = treatment_rule.located(ctx, self._readings["gritter"])
        marks = found.marks_s
        minute = np.floor(marks / TICK_S)
        self._starts = np.flatnonzero(np.diff(minute, prepend=-np.inf))
        self._stops = np.append(self._starts[1:], len(minute)) if len(minute) else self._starts
        self.ends_s: list[float] = marks[self._stops - 1].tolist() if len(minute) else []
        edges = np.append(self._starts, len(minute))
        self._cuts = {k: np.searchsorted(r.position, edges).tolist() for k, r in found.readings.items()}
        self._part = {kind: 1 + n for n, kind in enumerate(found.readings)}
        self._done: dict[tuple[str, str], int] = {}
        self._outdoor_c = np.full(len(self.ends_s), np.nan)
        self._number = np.empty(len(minute), dtype=np.int64)
        self._ts_s = np.empty(len(minute))
        for r in found.readings.values():
            self._number[r.position], self._ts_s[r.position] = ctx.names.of(r.device).number, r.ts_s

    def __len__(self) -> int:
        return len(self.ends_s)

    def devices(self, run: int) -> tuple[Devices, np.ndarray[tuple[int], np.dtype[np.float64]]]:
        """Return whose readings are in a run, and their times [s since 1970]."""
        part = slice(int(self._starts[run]), int(self._stops[run]))
        return Devices(self._ctx.names, self._number[part]), self._ts_s[part]

    def rows(self, run: int, kinds: tuple[str, ...]) -> Iterator[tuple[str, Readings]]:
        """Yield a run's readings of some kinds; effects stand where those count."""
        for kind in kinds:
            cuts = self._cuts.get(kind)
            if cuts is not None and cuts[run] < cuts[run + 1]:
                self._work.goto((run, self._part[kind], 0))
                yield kind, self._readings[kind].take(cuts[run], cuts[run + 1])

    def outdoor(self, run: int, air_c: float | None) -> None:
        """Note the outdoor temperature [°C] as of which a run's readings count."""
        self._outdoor_c[run] = np.nan if air_c is None else air_c

    def roads(self, before_run: int) -> None:
        """Let the roads' memory be as of the beginning of a run."""
        rows = self._next("road", "road", before_run)
        if rows is not None:
            segment_rule.observe(self._work, self._ctx, rows)

    def homes(self) -> None:
        """Take all readings of homes."""
        rows = self._next("home", "frog", len(self))
        if rows is not None:
            runs = np.searchsorted(self._starts, rows.position, side="right") - 1
            came = Came(self._outdoor_c[runs], runs, self._part["frog"])
            home_rule.observe(self._work, self._ctx, rows, came=came)

    def notes(self, before_run: int, kinds: tuple[str, ...] = ()) -> None:
        """Let data quality have noted what came before a run, of some kinds or of all."""
        for kind in kinds or self._readings:
            rows = self._next("notes", kind, before_run)
            if rows is not None:
                quality_notes.observe(self._work, self._ctx, kind, rows)

    def _next(self, who: str, kind: str, before_run: int) -> Readings | None:
        if kind not in self._cuts:
            return None
        cuts, begin = self._cuts[kind], self._done.get((who, kind), 0)
        self._done[who, kind] = before_run
        return (
            self._readings[kind].take(cuts[begin], cuts[before_run])
            if cuts[begin] < cuts[before_run]
            else None
        )
