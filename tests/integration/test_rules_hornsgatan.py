"""December 2010 on Hornsgatan, Stockholm (NORTRIP): frost and ice on the days that had them.

``make test`` plays the end of September and December, ``make test-long`` the half-year.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from devices.registry import Depot, Device, GrittingRoute, Registry, RoadNode, RoadSegment
from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.effects import Decision, RaiseAlarm, SubjectState
from rules.core.engine import FIELDS_OF_KIND, step
from rules.core.memory import EngineState
from rules.core.readings import Readings
from tests.unit.test_rules_psychrometrics import real_data

pytestmark = pytest.mark.real_data

CLOCK = timezone(timedelta(hours=1))  # the file's clock: UTC+1 all year
MISSING = -99.0


@dataclass(frozen=True)
class Part:
    """What is played of the half-year, and how much there is of it at least.

    Attributes:
        begins: dates from which on a part of it is played.
        ends: the dates before which each part ends.
        warm, frost, salted: nights, by the street's own minimum and by the city's log.
    """

    begins: tuple[str, ...]
    ends: tuple[str, ...]
    warm: int
    frost: int
    salted: int

    def holds(self, at: datetime) -> bool:
        """Whether an hour is played."""
        day = at.date().isoformat()
        return any(a <= day < b for a, b in zip(self.begins, self.ends, strict=True))


SOME = Part(("2010-09-18", "2010-12-01"), ("2010-09-29", "2011-01-01"), warm=8, frost=28, salted=15)
ALL = Part(("2010-07-01",), ("2011-01-01",), warm=80, frost=45, salted=25)


def street() -> Registry:
    devices = [("horn-road", "road"), ("horn-wx", "weather")]
    return Registry(
        name="hornsgatan",
        devices=tuple(
            Device(name=n, kind=k, shard=0, cadence_s=3600, installed_at=datetime(2010, 1, 1, tzinfo=CLOCK))
            for n, k in devices
        ),
        nodes=tuple(RoadNode(node_id=i, latitude_deg=59.32, longitude_deg=18.05 + i / 100) for i in (0, 1)),
        segments=(
            RoadSegment(
                segment_id="horn", street="Hornsgatan", road_class="A", from_node=0, to_node=1, length_m=570.0,
                route_id="r", device="horn-road",
            ),
        ),
        depots=(Depot(depot_id="d", label="Depot", node_id=0),),
        routes=(GrittingRoute(route_id="r", label="Route", depot_id="d"),),
    )  # fmt: skip


@dataclass
class Story:
    """What the rules made of a part of the half-year, by the night that began on a date."""

    part: Part
    minimum_c: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: 99.0))
    outcomes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    states: list[tuple[datetime, str, float]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    alarms: list[RaiseAlarm] = field(default_factory=list)


def night_of(at: datetime) -> str:
    return (at - timedelta(hours=12)).date().isoformat()


def rows(path: Path) -> list[tuple[datetime, list[float]]]:
    found = []
    with path.open() as file:
        for row in list(csv.reader(file, delimiter="\t"))[1:]:
            y, m, d, h, *values = row
            found.append((datetime(int(y), int(m), int(d), int(h), tzinfo=CLOCK), [float(v) for v in values]))
    return found


@pytest.fixture(
    scope="module",
    params=[SOME, pytest.param(ALL, marks=pytest.mark.soak)],
    ids=["some weeks", "half a year"],
)
def half_year(request: pytest.FixtureRequest) -> Story:
    story, state = Story(request.param), EngineState()
    context = build_context(street(), load(), ZoneInfo("Europe/Stockholm"))
    for at, values in rows(real_data() / "road" / "hornsgatan" / "meteorology_2010H2.txt"):
        if not story.part.holds(at):
            continue
        t, wind, _, rh, rain, snow, sun, _, _, surface, *_ = values
        weather = {"air_temperature_c": t, "humidity_pct": rh, "wind_speed_m_s": wind,
                   "precipitation_mm_h": rain + snow, "shortwave_w_m2": sun}  # fmt: skip
        if snow > 0 or rain > 0:
            weather["precipitation_type"] = 3.0 if snow > rain else 1.0
        readings = {"weather": one("weather", "horn-wx", at, weather, 0)}
        if surface != MISSING:
            road = {"surface_temperature_c": surface, "air_temperature_c": t, "humidity_pct": rh}
            readings["road"] = one("road", "horn-road", at, road, 1)
            story.minimum_c[night_of(at)] = min(story.minimum_c[night_of(at)], surface)
        state, effects = step(state, readings, at.timestamp(), context)
        note(story, at, effects, surface)
    return story


def one(kind: str, device: str, at: datetime, values: dict[str, float], position: int) -> Readings:
    fields = {n: np.array([values.get(n, np.nan)]) for n in FIELDS_OF_KIND[kind]}
    return Readings(np.array([position]), np.array([at.timestamp()]), [device], np.array([0]), fields)


def note(story: Story, at: datetime, effects, surface: float) -> None:
    for effect in effects:
        if isinstance(effect, Decision):
            story.decisions.append(effect)
        elif isinstance(effect, RaiseAlarm) and effect.rule_id.startswith("winter."):
            story.alarms.append(effect)
        elif isinstance(effect, SubjectState) and effect.subject_kind == "route":
            story.outcomes[night_of(at)].add(effect.state["outcome"])
        elif isinstance(effect, SubjectState) and effect.subject_kind == "segment":
            story.states.append((at, effect.state["state"], surface))


def test_summer_and_early_autumn_are_left_alone(half_year: Story) -> None:
    warm = [n for n, low in half_year.minimum_c.items() if low > 8.0]
    assert len(warm) > half_year.part.warm
    assert not [n for n in warm if half_year.outcomes[n] & {"treat", "monitor"}]
    assert not [s for at, s, _ in half_year.states if at.month in (7, 8, 9) and s in ("hoar", "ice", "snow")]


def test_frost_nights_are_looked_at_and_wet_ones_treated(half_year: Story) -> None:
    frost = [n for n, low in half_year.minimum_c.items() if low <= 0.0]
    assert len(frost) >= half_year.part.frost
    ignored = [n for n in frost if not half_year.outcomes[n] & {"treat", "monitor"}]
    assert ignored == []
    treated = [n for n in half_year.outcomes if "treat" in half_year.outcomes[n]]
    assert len([n for n in treated if n.startswith("2010-12")]) >= 15


def test_december_has_hoar_ice_and_snow_only_below_freezing(half_year: Story) -> None:
    december = [(s, c) for at, s, c in half_year.states if at.month == 12]
    found = {s for s, _ in december}
    assert {"hoar", "ice", "snow"} <= found
    assert all(c <= 0.5 for s, c in december if s in ("hoar", "ice", "snow") and c != MISSING)
    assert {a.rule_id for a in half_year.alarms} == {"winter.hoar_frost", "winter.ice"}
    assert all(a.at_s > datetime(2010, 10, 1, tzinfo=CLOCK).timestamp() for a in half_year.alarms)


def test_logged_treatments_are_mostly_shared(half_year: Story) -> None:
    """The log is one authority's practice, not truth: agreement is shown, only gross misses fail."""
    logged = {
        night_of(at)
        for at, (_, salt, *_) in rows(real_data() / "road" / "hornsgatan" / "activity_2010H2.txt")
        if salt > 0 and at.month >= 11 and half_year.part.holds(at)
    }
    shared = {n for n in logged if "treat" in half_year.outcomes[n]}
    print(f"nights salted by the city {len(logged)}, of these treated by the rules {len(shared)}")
    assert len(logged) >= half_year.part.salted
    assert len(shared) / len(logged) >= 0.6


def test_a_night_has_few_decisions(half_year: Story) -> None:
    per_night: dict[str, int] = defaultdict(int)
    for d in half_year.decisions:
        per_night[night_of(datetime.fromtimestamp(d.at_s, CLOCK))] += 1
        assert d.reason
        assert d.inputs["segments"]
    busiest = max(per_night, key=per_night.__getitem__)
    assert per_night[busiest] <= 5, [
        (d.at_s, d.outcome, d.reason) for d in half_year.decisions
        if night_of(datetime.fromtimestamp(d.at_s, CLOCK)) == busiest
    ]  # fmt: skip
