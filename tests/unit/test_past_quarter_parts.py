"""Parts of a simulated quarter: when it begins, what is sent and said, and what it is compared with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cityops.settings import load_settings
from firmware_sim.world.bin_town import BinTown
from firmware_sim.world.town import TownSizes, generate_town
from ops_api.demo.past_quarter import BINS, first_day, in_place_before, with_few_bins
from ops_api.demo.rounds import lorries_of
from ops_api.past_quarter.model import Quarter
from ops_api.past_quarter.people import reports
from ops_api.past_quarter.quarter import said
from ops_api.past_quarter.schedule import compared_with, fixed_day
from ops_api.past_quarter.sending import Sender
from ops_api.simulated_street import SimulatedStreet
from ops_api.wiring_rounds import planner_of
from rules.bin_ledger.settings import parse_schedule
from rules.core.bin_ledger.calendar import faults
from rules.core.bin_trial.playing import calls_of
from rules.rounds.ports import Rounds

LONDON = ZoneInfo("Europe/London")
FIRST = date(2026, 6, 1)
INSTALLED = datetime.combine(FIRST, time(), UTC) - timedelta(days=7)


def quarter(bins: int = 5) -> Quarter:
    sizes = TownSizes(homes=2, road_sensors=1, weather_stations=1, bins=bins, gritters=1, lorries=1)
    registry = generate_town(1, sizes, INSTALLED)
    fleet = lorries_of(registry)
    assert fleet is not None
    return Quarter(registry, fleet, FIRST, 14, 1, LONDON)


def street(q: Quarter) -> SimulatedStreet:
    return SimulatedStreet(BinTown(q.registry.bins, 1, INSTALLED.timestamp(), weekday=0))


@pytest.mark.parametrize(
    ("start", "first"),
    [
        (datetime(2026, 11, 26, 18, tzinfo=LONDON), date(2026, 9, 1)),
        (datetime(2026, 11, 1, tzinfo=LONDON), date(2026, 8, 1)),
        (datetime(2027, 1, 15, tzinfo=LONDON), date(2026, 10, 1)),
    ],
)
def test_a_past_begins_with_a_month_and_has_two_whole_ones_at_least(start: datetime, first: date) -> None:
    assert first_day(start) == first
    months = {(first + timedelta(days=k)).replace(day=1) for k in range((start.date() - first).days)}
    whole = [m for m in months if (m + timedelta(days=32)).replace(day=1) <= start.date()]
    assert len(whole) >= 2


def test_bins_and_lorries_are_there_before_and_nothing_else() -> None:
    q = quarter()
    moved = in_place_before(q.registry, FIRST, LONDON)
    begin = datetime.combine(FIRST, time(), LONDON)
    for before, after in zip(q.registry.devices, moved.devices, strict=True):
        if after.kind in ("bin", "lorry"):
            assert after.installed_at == begin - timedelta(days=7)
        else:
            assert after == before
    assert moved.bins == q.registry.bins


def test_few_bins_unless_somebody_said_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert with_few_bins(load_settings()).sim.bins == BINS
    monkeypatch.setenv("CITYOPS_SIM__BINS", "12")
    assert with_few_bins(load_settings()).sim.bins == 12


def test_what_arrived_is_sent_once_with_its_number() -> None:
    q = quarter()
    s, sender = street(q), Sender(q.registry.bins)
    sent: dict[str, list[int]] = {}
    heard = 0
    for day in (1, 2):
        told = s.steps(INSTALLED.timestamp() + 86_400.0 * day)
        heard += sum(int(r.heard.sum()) for r in told)
        for topic, payload in zip(*sender.messages(told), strict=True):
            assert topic.endswith("/reading")
            rows = json.loads(payload)
            sent.setdefault(topic, []).extend(r["seq"] for r in rows)
            assert all(r["boot"] == 1 and r["ts"] % 1_800_000 == 0 for r in rows)
    assert sum(map(len, sent.values())) == heard
    for numbers in sent.values():
        assert numbers == sorted(set(numbers))
        assert numbers[-1] < 96


def test_passers_by_report_some_of_what_overflows_and_nothing_else() -> None:
    q = quarter(bins=200)
    s = street(q)
    assert [b for b in reports(s, 1, s.town.now_s) if b.what != "overflowing"] == []
    s.town.model.settled_l[:] = 0.0
    assert reports(s, 1, s.town.now_s) == []
    s.town.model.settled_l[:] = 1.05 * s.town.model.capacity_l
    found = reports(s, 1, s.town.now_s)
    assert 2 <= len(found) <= 25
    assert found == reports(s, 1, s.town.now_s)
    assert {a.role for a in found} == {"resident"}


def test_compared_with_are_all_bins_as_the_planner_drives_them() -> None:
    q = quarter()
    plan = fixed_day(q, planner_of)
    found = compared_with(q, planner_of)
    [one] = found.schedule.plans
    assert sorted(one.bins) == sorted(b.bin_id for b in q.registry.bins)
    assert one.km == pytest.approx(plan.metres / 1000.0, abs=0.06)
    assert one.weekdays == q.weekdays
    assert faults(found.schedule) == ()
    assert found.notes[0].startswith("SIMULATED")
    assert "simulated" in found.schedule.source
    # What crews say is what was driven.
    rounds = Rounds(
        version=3, day=plan.day, after=None, decision_id=None, fleet_id=1, at_s=0.0, by="x", role="x", via="x", reason="", plan=plan
    )  # fmt: skip
    assert [(a.ref, a.at_s) for a in said(rounds)] == [(f"bin:{c.bin_id}", c.at_s) for c in calls_of(plan)]
    assert {a.plan_version for a in said(rounds)} == {3}


def test_a_schedule_s_file_may_have_notes() -> None:
    text = 'source = "x"\nnotes = ["Read this."]\n[[plans]]\nname = "all"\nweekdays = [1]\n'
    assert parse_schedule(text, "rota.toml").notes == ("Read this.",)
