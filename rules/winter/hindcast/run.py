"""A past winter of one street through the product's own forecaster and rules, hour by hour.

Nothing here decides: the hours of a file become readings, every few hours the road forecaster (the service itself, on its
store in memory) makes an issue, and the engine takes readings, issues and the salt that was spread in the order in which
they were there. What it decided is collected.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from cityops.clock import ManualClock
from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.effects import Decision, Effect
from rules.core.engine import step
from rules.core.hindcast.facts import Issued, Proposed, Spread
from rules.core.memory import EngineState
from rules.core.readings import ReadingBatch
from rules.core.road_now.parameters import NowParameters
from rules.core.road_now.table import HOURS as AHEAD
from rules.core.road_now.table import QUANTITIES, RoadForecast
from rules.core.road_surface.parameters import ParameterSet
from rules.road_data.hornsgatan import HOUR_S, Hours
from rules.winter.forecaster.memory import MemoryRoadForecasts
from rules.winter.forecaster.ports import Installed
from rules.winter.forecaster.rows import salt_rows
from rules.winter.forecaster.service import RoadForecaster
from rules.winter.hindcast import street_town as town
from rules.winter.hindcast.street_weather import every_six_hours
from rules.winter.weather.memory import MemoryForecasts

Salt = Literal["log", "ours", "none"]
WeatherBy = Literal["stations", "observed"]
RULE = "winter.gritting"
BEFORE_S = 60.0 * HOUR_S
"""So much is run before the first night: ground, engine and the last salt of the log come in."""
EVENING_H = 5
"""From noon to 17:00."""
PAST_S = 49.0 * HOUR_S
TURN_OUT_S = 3600.0
"""The rules' own treatments are driven so long after they are asked for, or when the lorry must leave."""
MIDDLE, BELOW = QUANTITIES.index("middle_c"), QUANTITIES.index("below_zero")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a past winter is run.

    Attributes:
        weather: by which weather the road is forecast: what stations tell, or what was to be observed.
        salt: what lies on the road: what was logged, what the rules ask for, or none.
        by_wetness: whether the road sensor tells dry, damp and wet.
        every_h: hours between two road forecasts, one of them at 17:00; the rules take each for three hours.
        road: parameter set of the road model.
        street: what it is like.
    """

    weather: WeatherBy = "stations"
    salt: Salt = "log"
    by_wetness: bool = True
    every_h: int = 3
    road: ParameterSet = field(default_factory=lambda: NowParameters().road)
    street: town.Street = field(default_factory=town.Street)


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of it: decisions in order, road forecasts by the time of their issue, and the salt that was driven."""

    decided: tuple[Proposed, ...]
    issued: Mapping[float, Issued]
    driven: tuple[Spread, ...]


def run(
    hours: Hours,
    log: Sequence[Spread],
    span_s: tuple[float, float],
    s: Settings,
    progress: Callable[[float], None] = lambda at_s: None,
) -> Ran:
    """Return what the rules decided in a time, and in the hours before it that they need to know the street.

    Args:
        hours: observations.
        log: what was spread.
        span_s: from when to when [s since 1970].
        s: settings.
        progress: told of each hour that is reached.
    """
    return asyncio.run(_Run(hours, log, s).through(span_s, progress))


class _Run:
    """A street on its way through forecaster and engine."""

    def __init__(self, hours: Hours, log: Sequence[Spread], s: Settings) -> None:
        self._hours, self._s = hours, s
        registry = town.registry_of(hours, s.street)
        self._installed = Installed(registry, build_context(registry, load(), town.clock_of(hours)))
        self._readings = town.readings_of(hours, s.by_wetness)
        self._roads = MemoryRoadForecasts(hand_on=self._take)
        self._state, self._now_s = EngineState(), 0.0
        self._due = [x for x in log if x.salt_g_m2 > 0.0] if s.salt == "log" else []
        self._driven: list[Spread] = []
        self._decided: list[Proposed] = []

    async def through(self, span_s: tuple[float, float], progress: Callable[[float], None]) -> Ran:
        """Run all hours of a time."""
        weather = MemoryForecasts()
        if self._s.weather == "observed":
            await weather.add(every_six_hours(self._hours), "hindcast")
        clock, p = ManualClock(datetime.fromtimestamp(span_s[0], UTC)), NowParameters(road=self._s.road)
        forecaster = RoadForecaster(self._roads, weather, self._surroundings, clock, p=p)
        at = self._hours.at_s
        self._now_s = span_s[0] - BEFORE_S
        for at_s in at[(at > self._now_s) & (at <= span_s[1])].tolist():
            self._hour(at_s)
            hour = round((at_s - span_s[0]) / HOUR_S)
            # Before the first night nobody asks for a forecast, and an issue is made of readings alone.
            if hour > -self._s.every_h and (hour - EVENING_H) % self._s.every_h == 0:
                await forecaster.turn()
            progress(at_s)
        issued = {f.issued_s: _issued(f) for f in self._roads.issues.values()}
        return Ran(tuple(self._decided), issued, tuple(self._driven))

    async def _surroundings(self) -> Installed:
        return self._installed

    def _hour(self, at_s: float) -> None:
        """Take what was measured and spread since the hour before; the forecaster sees the same."""
        before_s, self._now_s = self._now_s, at_s
        new = {k: r.where((r.ts_s > before_s) & (r.ts_s <= at_s)) for k, r in self._readings.items()}
        gone = [x for x in self._due if x.at_s + town.PASS_S <= at_s]
        self._due = [x for x in self._due if x.at_s + town.PASS_S > at_s]
        self._driven += gone
        passes = town.passes_of((x for x in gone if x.at_s > before_s - HOUR_S), self._hours, self._s.street)
        self._take({k: r for k, r in new.items() if len(r)} | ({} if passes is None else {"gritter": passes}))
        self._roads.readings = {
            k: r.where((r.ts_s > at_s - PAST_S) & (r.ts_s <= at_s)) for k, r in self._readings.items()
        }
        self._roads.salt = salt_rows(self._state.treated, at_s - PAST_S, at_s)

    def _take(self, batch: ReadingBatch) -> None:
        if not batch:
            return
        self._state, effects = step(self._state, batch, self._now_s, self._installed.ctx)
        for made in _decisions(effects):
            self._decided.append(proposed(made))
            if self._s.salt == "ours":
                self._due = _driven_for(made)


def _decisions(effects: Iterable[Effect]) -> Iterable[Decision]:
    return (e for e in effects if isinstance(e, Decision) and e.rule_id == RULE)


def proposed(made: Decision) -> Proposed:
    """Return what counts of a decision on the street."""
    r, left = made.result, [v["g_m2"] for v in made.inputs["salt_left"].values()]
    return Proposed(
        at_s=made.at_s, action=r["action"], rate_g_m2=r["spread_rate_g_m2"], passes=r["passes"],
        lowest_c=r["min_surface_temperature_c"], salt_left_g_m2=left[0] if left else None, reason=made.reason,
        weather=_weather(made.inputs.get("road_forecast")),
    )  # fmt: skip


def _weather(told: Any) -> str:
    return str(told["weather"]) if told is not None and told["used"] else ""


def _driven_for(made: Decision) -> list[Spread]:
    """Return what the rules' own treatment puts on the road, and when; another decision takes its place before that."""
    if made.outcome != "treat":
        return []
    leave = made.result["leave_by"]
    leave_s = made.at_s if leave is None else datetime.fromisoformat(leave).timestamp()
    g_m2 = made.result["spread_rate_g_m2"] * made.result["passes"]
    return [Spread(at_s=max(made.at_s + TURN_OUT_S, leave_s), salt_g_m2=g_m2)]


def _issued(f: RoadForecast) -> Issued:
    values = f.values()[0]
    return Issued(
        f.issued_s, f.issued_s + HOUR_S * np.arange(1.0, AHEAD + 1.0), values[MIDDLE], values[BELOW]
    )
