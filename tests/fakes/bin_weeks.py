"""Bins that fill by a known law, and the outlook that learns from them hour by hour: the truth is kept beside what is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec
import numpy as np

from devices.registry import BinSite, Registry
from rules.catalogue.loader import load
from rules.core.bin_level.state import Fills, Track
from rules.core.bin_outlook import rule
from rules.core.bin_outlook.columns import OutlookColumns
from rules.core.bin_outlook.levels import place_of
from rules.core.bin_outlook.services import next_services
from rules.core.bin_outlook.week import hours_of_week
from rules.core.bin_outlook_parameters import OutlookParameters
from rules.core.context import Context, build_context
from rules.core.effects import Effect
from rules.core.memory import BinMemory, EngineState
from rules.core.patience import NOTHING
from rules.core.psychrometrics import Floats
from rules.core.work import Work
from tests.fakes.rules_town import ZONE

HOUR_S = 3600.0
MONDAY_S = datetime(2026, 5, 4, tzinfo=UTC).timestamp()
ITEM_PCT = 3.0
"""Mean of what one deposit adds, exponentially distributed: variance over mean is twice that."""


def sites(places: Sequence[str], each: int, capacity_l: float = 240.0) -> tuple[BinSite, ...]:
    """Bins at some kinds of place."""
    return tuple(
        BinSite(
            bin_id=f"{place}-{i}", label=f"{place}, number {i}", street="High Street", device=f"{place}-{i}",
            latitude_deg=52.0, longitude_deg=0.1, capacity_l=capacity_l,
        )
        for place in places
        for i in range(each)
    )  # fmt: skip


def bins_context(bins: Sequence[BinSite], p: OutlookParameters | None = None) -> Context:
    """A town of bins alone, with the shipped parameters or others."""
    catalogue = load()
    if p is not None:
        outlook = msgspec.structs.replace(catalogue.outlook, parameters=p)
        catalogue = msgspec.structs.replace(catalogue, outlook=outlook)
    return build_context(Registry(name="bins", bins=tuple(bins)), catalogue, ZONE)


def day_shape(busy_from: int, busy_to: int, weekend: float = 1.0) -> Floats:
    """A week whose hours from ``busy_from`` to ``busy_to`` are ten times the others', on average 1."""
    day = np.where((np.arange(24) >= busy_from) & (np.arange(24) < busy_to), 1.0, 0.1)
    week = np.concatenate([day * (weekend if d >= 5 else 1.0) for d in range(7)])
    return np.asarray(week / week.mean())


@dataclass
class Told:
    """What was told at one hour, by bin, and what would come if no bin was emptied any more.

    ``full``: whether it is full by the end of the chance. ``full_h``: by when it is with 10, 50 and 90 %, and
    ``passed_h`` when it is [h], infinity where not within the simulation.
    """

    hour: int
    bins: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    fill_pct: Floats
    p: Floats
    full: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    full_h: Floats
    passed_h: Floats


@dataclass
class Weeks:
    """Bins in the course of weeks.

    Attributes:
        ctx: the town.
        rate_pct_h: of each bin in an average hour.
        shape: of each kind of place, by name.
        seed: of all that is random.
        weeks: how many.
        noise_pct: standard deviation of a level.
        collect_from_pct: bins that are fuller are emptied when lorries go out.
        begins_h: hour from which on each bin tells anything.
        gone_h: hours that were gone through.
    """

    ctx: Context
    rate_pct_h: Floats
    shape: dict[str, Floats]
    seed: int = 1
    weeks: int = 6
    noise_pct: float = 0.7
    collect_from_pct: float = 75.0
    begins_h: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None = None
    gone_h: int = 0
    told: list[Told] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        hours, n = 168 * self.weeks + 400, len(self.ctx.bins)
        rng = np.random.default_rng(self.seed)
        week = hours_of_week(int(MONDAY_S // HOUR_S), hours, ZONE)
        shapes = np.array([self.shape[place_of(s)] for s in self.ctx.bins.values()])
        self.due = self.rate_pct_h[:, None] * shapes[:, week]
        number = rng.poisson(self.due / ITEM_PCT)
        self.added: Floats = np.where(number > 0, rng.gamma(np.maximum(number, 1), ITEM_PCT), 0.0)
        self.error: Floats = rng.normal(0.0, self.noise_pct, (n, hours))
        self.state = EngineState()
        self.truth: Floats = np.zeros(n)
        self.emptied_s: list[float | None] = [None] * n

    def run(self, weeks: int | None = None, ask_at: int = 14) -> EngineState:
        """Go on through so many weeks, or all that are left; at ``ask_at`` o'clock local time what is told is kept.

        With it is kept what would come.
        """
        services = set(next_services(MONDAY_S, ZONE, self.parameters.service, 8 * self.weeks))
        for hour in range(self.gone_h, 168 * self.weeks if weeks is None else self.gone_h + 168 * weeks):
            at_s = MONDAY_S + HOUR_S * (hour + 1)
            self.truth = self.truth + self.added[:, hour]
            self._hour(hour, at_s)
            if datetime.fromtimestamp(at_s, ZONE).hour == ask_at:
                self._ask(hour + 1, at_s)
            if at_s in services:
                self._collect(at_s)
            self.gone_h = hour + 1
        return self.state

    @property
    def parameters(self) -> OutlookParameters:
        """The rule's."""
        return self.ctx.catalogue.outlook.parameters

    def columns(self) -> OutlookColumns:
        """What is known now."""
        return OutlookColumns(self.ctx, self.state.bin_outlook)

    def _hour(self, hour: int, at_s: float) -> None:
        seen = np.clip(np.clip(self.truth, 0.0, 100.0) + self.error[:, hour], 0.0, 100.0).tolist()
        begins = np.zeros(len(seen)) if self.begins_h is None else self.begins_h
        memory = {
            b: BinMemory(
                at_s - 300.0,
                MONDAY_S,
                Fills(track=Track(at_s - 300.0, x, 0.0, 1.0, 0.0, 0.0), filtered=(x,), emptied_s=emptied_s),
            )
            for b, x, emptied_s, begin in zip(self.ctx.bins, seen, self.emptied_s, begins, strict=True)
            if hour >= begin
        }
        work = Work(msgspec.structs.replace(self.state, bin=memory))
        rule.evaluate(work, self.ctx, at_s)
        self.state, effects = work.finish(at_s, at_s, NOTHING)
        self.effects += effects

    def _ask(self, hour: int, at_s: float) -> None:
        c, n = self.columns(), len(self.truth)
        till = (c["next_s"] + self.parameters.service.lead_h * HOUR_S - MONDAY_S) / HOUR_S
        known = np.flatnonzero(~np.isnan(c["p"]) & (c["seen_pct"] < self.parameters.seen_full_pct))
        ends = np.full(n, hour)
        ends[known] = np.round(till[known])
        gone = np.concatenate([np.zeros((n, 1)), np.cumsum(self.added, axis=1)], axis=1)
        then = self.truth + gone[np.arange(n), ends] - gone[:, hour]
        full_h = np.stack(
            [(c[n][known] - MONDAY_S) / HOUR_S for n in ("full_from_s", "full_s", "full_to_s")], axis=1
        )
        over = self.truth[known, None] + gone[known] - gone[known, hour, None] >= 100.0
        passed = np.where(over.any(axis=1), over.argmax(axis=1), np.inf)
        self.told.append(
            Told(
                hour,
                known,
                c["seen_pct"][known],
                c["p"][known],
                then[known] >= 100.0,
                np.nan_to_num(full_h, nan=np.inf),
                passed,
            )
        )

    def _collect(self, at_s: float) -> None:
        for i in np.flatnonzero(self.truth >= self.collect_from_pct).tolist():
            self.truth[i], self.emptied_s[i] = 0.0, at_s
