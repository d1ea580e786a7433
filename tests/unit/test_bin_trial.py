"""Ways of choosing bins side by side: what is known to a policy, what is counted, how far two are apart."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from msgspec.structs import replace

from cityops.errors import ConfigurationError
from firmware_sim.world.bin_town import BinTown
from ops_api.bin_trial.report import document, lines
from ops_api.bin_trial.run import One, Trial
from ops_api.bin_trial.ways import USUAL, way_of
from ops_api.simulated_street import SimulatedStreet, rows_of
from ops_api.wiring_rounds import planner_of
from rules.bin_ledger.settings import shipped_tariffs
from rules.catalogue.loader import load
from rules.core.bin_ledger.calendar import midnight_s
from rules.core.bin_outlook.services import is_served
from rules.core.bin_trial.figures import SUMS, Weeks, apart, of_differences, together, weeks_of
from rules.core.bin_trial.playing import Played, Service, play
from rules.core.bin_trial.ports import Call
from rules.core.bin_trial.watching import Watcher
from rules.core.context import build_context
from rules.core.network.network import Network
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.policies import BinToday, Decided, FixedDays, Integrated, Threshold
from rules.rounds.making import make
from tests.fakes.bin_trial import FIRST, Watched, fortnight, small

ZONE = ZoneInfo("Europe/London")
TARIFFS = shipped_tariffs()


def town(trial: Trial, seed: int = 1) -> BinTown:
    assert trial.own is not None
    return BinTown(
        trial.own[0].bins, seed, midnight_s(FIRST, ZONE), weekday=FIRST.weekday(), step_s=trial.cadence_s
    )


def watched(trial: Trial, lie: float) -> tuple[Watched, Played]:
    assert trial.own is not None
    registry, fleet = trial.own
    bare = replace(registry, nodes=(), segments=(), routes=(), depots=())
    planner = planner_of(0, 1)
    service = Service(registry, Network.of(registry), fleet, lambda r: make(r, planner), ZONE)
    street = Watched(SimulatedStreet(town(trial)), lie)
    watcher = Watcher(build_context(bare, load(), ZONE))
    return street, play(street, watcher, service, trial.dates, lambda _: Integrated())


def test_what_is_chosen_depends_on_readings_alone() -> None:
    trial = small()
    honest, _ = watched(trial, 1.0)
    lying, _ = watched(trial, 17.0)
    assert honest.calls == lying.calls
    assert sum(len(c) for _, c in honest.calls) > 3
    # At five a plan is made of what has come by then; only then the day goes on.
    hours = [(until_s - midnight_s(FIRST, ZONE)) % 86_400.0 / 3600.0 for until_s, _ in honest.calls]
    assert hours == [5.0, 0.0] * len(trial.dates)
    assert all(calls == () for (_, calls), hour in zip(honest.calls, hours, strict=True) if hour == 5.0)


def test_no_lorry_goes_out_on_a_day_without_service() -> None:
    _, played, _, _ = fortnight("fixed:0,2,4")
    for d in played.days:
        assert (d.plan is not None) == (d.day.weekday() in (0, 2, 4))
    p = load().outlook.parameters.service
    assert not is_served(date(2026, 6, 7), p)  # a Sunday
    assert not is_served(date(2026, 12, 25), p)
    assert is_served(date(2026, 6, 7), replace(p, extra=("2026-06-07",)))


def test_weeks_are_sums_of_the_days_after_the_lead() -> None:
    trial, played, _, _ = fortnight("threshold:60")
    weeks = weeks_of(played, TARIFFS, trial.lead_days)
    assert all(len(weeks.sums[name]) == 2 for name in SUMS)  # the fifteenth day is in no week
    counted = played.days[trial.lead_days : trial.lead_days + 14]
    before = played.days[trial.lead_days - 1].truth
    assert weeks.total("collections") == float((counted[-1].truth.emptied - before.emptied).sum())
    assert weeks.total("km") == pytest.approx(
        sum(d.plan.metres for d in counted if d.plan is not None) / 1000.0
    )
    hour = TARIFFS.crew_gbp_h.value + TARIFFS.vehicle_gbp_h.value
    cost = weeks.total("hours") * hour + weeks.total("diesel_l") * TARIFFS.diesel_gbp_l.value
    assert weeks.total("cost_gbp") == pytest.approx(cost)
    assert weeks.total("co2_kg") == pytest.approx(weeks.total("diesel_l") * TARIFFS.co2_kg_l.value)
    assert weeks.total("overflow_h") <= weeks.total(
        "shown_h"
    )  # the heap's top is seen before the rim is reached
    with pytest.raises(ValueError, match="at least one week"):
        weeks_of(played, TARIFFS, 11)


def test_differences_are_paired_by_week() -> None:
    weather = np.array([10.0, 200.0, 3000.0, 40.0])
    one = Weeks(sums={"km": weather + 5.0})
    other = Weeks(sums={"km": weather})
    found = apart(one, other, "km")
    assert (found.difference, found.low, found.high) == pytest.approx((20.0, 20.0, 20.0))
    assert found.is_shown
    assert not of_differences(np.array([5.0])).is_shown  # of one week nothing is shown
    assert together([one, other]).total("km") == one.total("km") + other.total("km")


def test_student_s_t_of_two_weeks() -> None:
    # Mean 1, sd sqrt(2), t(1 degree, 0.95) = 6.314: the sum is 2 ± 6.314 × sqrt(2) × sqrt(2).
    found = of_differences(np.array([0.0, 2.0]))
    assert found.high == pytest.approx(2.0 + 6.3138 * 2.0, abs=0.01)


def test_a_street_counts_what_is_full_and_what_was_wasted() -> None:
    street = SimulatedStreet(town(small()))
    start_s = street.town.now_s
    street.town.model.settled_l[:] = np.array([0.2, 0.7, 1.05, 0.96, 0.2, 0.2]) * street.town.model.capacity_l
    calls = [Call(street.sites[k].bin_id, start_s + 60.0) for k in (0, 1)]
    street.live(start_s + 3600.0, calls)
    t = street.truth()
    assert t.emptied.tolist() == [1, 1, 0, 0, 0, 0]
    assert t.wasted.tolist() == [1, 0, 0, 0, 0, 0]
    assert t.fill[:2] == pytest.approx([0.2, 0.7])
    assert t.overflow_s.tolist() == [0, 0, 3600, 0, 0, 0]
    assert t.shown_s.tolist() == [0, 0, 3600, 3600, 0, 0]  # the top of a heap is above its mean
    with pytest.raises(ValueError, match="not until"):
        street.live(start_s + 7200.0, [Call(street.sites[0].bin_id, start_s + 9000.0)])


def test_what_is_lost_on_the_way_reaches_no_rule() -> None:
    street = SimulatedStreet(town(small()))
    told = street.steps(street.town.now_s + 86_400.0)
    rows = rows_of(street.sites, told)
    assert len(rows) == sum(int(r.heard.sum()) for r in told) < 24 * 6
    assert np.all(np.diff(rows.ts_s) >= 0.0)
    assert len(rows_of(street.sites, [])) == 0


def test_a_bin_that_never_spoke_is_known_by_its_place_alone() -> None:
    trial = small()
    assert trial.own is not None
    registry, fleet = trial.own
    watcher = Watcher(
        build_context(replace(registry, nodes=(), segments=(), routes=(), depots=()), load(), ZONE)
    )
    bins = watcher.bins_today(registry, fleet.settings, midnight_s(FIRST, ZONE))
    assert [b.fill_pct for b in bins] == [None] * 6
    assert [b.candidate.p_overflow for b in bins] == [0.0] * 6
    assert [b.candidate.litres for b in bins] == [s.capacity_l for s in registry.bins]
    assert len(Threshold()(FIRST, bins)) == 6  # blind: taken after days


def test_ways_as_they_are_written() -> None:
    assert way_of("fixed:1,3").policy == FixedDays(frozenset({1, 3}))
    assert way_of("threshold").policy == Threshold(60.0)
    assert way_of("decided:0.05").policy == Decided(0.05)
    trial = small()
    assert trial.own is not None
    assert way_of("integrated:12").fleet(trial.own[1]).settings.rho_gbp == 12.0
    assert way_of("integrated").fleet(trial.own[1]) is trial.own[1]
    for wrong in ("cheapest", "fixed:8", "threshold:x", "forecast:2", "integrated:-1"):
        with pytest.raises(ConfigurationError, match=wrong):
            way_of(wrong)


def test_decided_must_above_alpha_and_may_below() -> None:
    def bin_(name: str, risk: float, must: bool = False) -> BinToday:
        one = Candidate(
            bin_id=name, place=Place(52.0, 0.0), stream="litter", litres=1.0, mass_kg=1.0, must=False, code="full", p_overflow=risk
        )  # fmt: skip
        return BinToday(one, 50.0, 1.0, must, "full")

    bins = [bin_("a", 0.5), bin_("b", 0.05), bin_("c", 0.005), bin_("d", 0.0, must=True)]
    assert [(c.bin_id, c.must) for c in Decided()(FIRST, bins)] == [("a", True), ("b", False), ("d", True)]


def test_a_report_says_what_it_compares() -> None:
    ones = []
    for w in USUAL[:2]:
        trial, played, put, lost = fortnight(w)
        ones.append(One(w, 1, weeks_of(played, trial.tariffs, trial.lead_days), 12.0, put, lost, 1.0))
    found = document(trial, ones)
    first, second = found["ways"]
    assert first["against_the_first"] == {}
    told = second["against_the_first"]["collections"]
    assert told["difference"] == pytest.approx(second["collections"] - first["collections"])
    assert found["conditions"]["bins"] == 6
    assert first["per_bin_week"] == pytest.approx(7.0 * first["collections"] / first["bin_days"], abs=0.01)
    text = "\n".join(lines(found))
    assert text.startswith("SIMULATED")
    assert "Against fixed:0,2,4" in text
    assert trial.dates[-1] == FIRST + timedelta(days=16)
