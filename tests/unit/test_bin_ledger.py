"""A month of two bins whose every figure is worked out by hand here, and what must not be claimed."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import numpy as np
import pytest

from rules.core.bin_ledger import tables
from rules.core.bin_ledger.codec import LedgerFileError, decode, digest
from rules.core.bin_ledger.making import Made, make
from rules.core.bin_ledger.statement import Kpi, WhatIf
from rules.core.bin_ledger.tariffs import Tariffs
from rules.core.bin_ledger.values import Inputs, Trace
from rules.core.bin_ledger.verifying import document, verify
from tests.fakes.bin_ledger_month import BEGIN_S, month


@pytest.fixture(scope="module")
def made() -> Made:
    return make(month())


YEARS = 31 / 365.25
FUEL = (132.0, 144.0)  # 0.6 l/km
DRIVE = (44 * 60.0 + 132 * 1.18, 48 * 60.0 + 144 * 1.18)
SENSORS = (2 * (150 / 6 + 10) + 6000) * YEARS + 80 + 45  # one visit as invoiced, one by the tariff
WANTED = {
    # A is emptied 7 times (h 96 … 672), B 20 times (h 36 … 720); on fixed days each on 1, 3, … 31 January: 16 times.
    "collections": (27, 32),
    "per_bin_week": (27 / (62 / 7), 32 / (62 / 7)),
    # On fixed days A has 7 % and then 48 %, B once 17.5 %: all of those are below half.
    "wasted": (0, 17),
    # 22 days on which A, B or both are emptied, 10 km and 2 h each; 16 fixed days of 15 km and 3 h.
    "km": (220, 240),
    "hours": (44, 48),
    "fuel": FUEL,
    "co2": (132 * 2.57082, 144 * 2.57082),
    # A is above 95 % for the last hour of its 7 cycles. On fixed days B reaches 95 % after 38 of 48 h, 15 times.
    "overflow_min": (7 * 60, 15 * 600),
    # B reaches 99 % after 39.6 of 48 h.
    "full_min": (0, 15 * 8.4 * 60),
    # A's hours are in one day each; B's ten hours from 21:00 to 7:00 are in two.
    "overflow_days": (7 / 0.062, 30 / 0.062),
    "service_level": (100 * 55 / 62, 100 * 32 / 62),
    # Of the four complaints one is of February; before there were 24 in 90 days.
    "complaints": (3, 24 * 31 / 90),
    "running": DRIVE,
    "sensors": (SENSORS, 0),
    "in_all": (DRIVE[0] + SENSORS, DRIVE[1]),
}


@pytest.mark.parametrize("key", WANTED)
def test_each_line_is_as_by_hand(made: Made, key: str) -> None:
    line = made.statement.line(key)
    was, fixed = WANTED[key]
    # A second between reading and emptying is lost at each emptying: a third of a minute in all.
    within = 1.0 if line.unit == "min" else 1e-6
    assert line.actual == pytest.approx(was, abs=within)
    assert line.fixed == pytest.approx(fixed, abs=within)
    assert line.difference == pytest.approx(was - fixed, abs=within)
    assert line.low is not None
    assert line.high is not None
    assert line.low <= was - fixed <= line.high


def _kpi(made: Made, name: str) -> Kpi:
    return next(k for k in made.statement.kpis if k.name == name)


def test_key_figures_are_as_by_hand(made: Made) -> None:
    fill = _kpi(made, "Mean fill at collection")
    assert fill.actual == pytest.approx((7 * 96 + 20 * 90) / 27)
    assert fill.fixed == pytest.approx((7 + 15 * 48 + 17.5 + 15 * 100) / 32, abs=1e-2)
    litres = 7 * 96 + 20 * 180
    assert _kpi(made, "Litres lifted of what the stops could hold").actual == pytest.approx(
        100 * litres / 4700
    )
    assert _kpi(made, "Distance for each tonne").actual == pytest.approx(220 / (litres * 0.07 / 1000))
    assert _kpi(made, "Stops in an hour").actual == pytest.approx(27 / 44)
    assert _kpi(made, "Tonnes for each shift").actual == pytest.approx(litres * 0.07 / 1000 / 22)
    rows = {r.bin_id: r for r in made.statement.rows}
    assert (rows["a"].collections, rows["b"].collections, rows["b"].collections_fixed) == (7, 20, 16)
    assert rows["b"].overflow_fixed_min == pytest.approx(9000, abs=1.0)
    assert rows["a"].litres == pytest.approx(672)


def _what_if(made: Made, start: str) -> WhatIf:
    return next(w for w in made.statement.what_ifs if w.what.startswith(start))


def test_what_would_change_the_answer_is_as_by_hand(made: Made) -> None:
    assert _what_if(made, "as stated").saved_gbp == pytest.approx(DRIVE[1] - DRIVE[0] - SENSORS)
    even = (DRIVE[1] - DRIVE[0]) / (2 * YEARS)
    assert _what_if(made, "sensors that cost").value == f"£{even:,.0f} a year for each sensor, all in"
    # Every third day from the 1st: 11 days, 22 stops, 33 h and 165 km.
    less = _what_if(made, "against fixed days with one day less")
    assert less.collections == pytest.approx(22 - 27)
    assert less.saved_gbp == pytest.approx(33 * 60 + 165 * 0.6 * 1.18 - DRIVE[0] - SENSORS)
    nothing = _what_if(made, "if hours not driven are worth nothing")
    assert nothing.saved_gbp == pytest.approx((144 - 132) * 1.18 - SENSORS)


def test_the_method_gives_back_what_was_measured(made: Made) -> None:
    check = made.statement.check
    assert check.measured_min == pytest.approx(420, abs=0.2)
    assert check.replayed_min == pytest.approx(420, abs=0.2)
    assert check.held


def test_a_loss_is_said_as_one_and_a_month_alone_is_called_short(made: Made) -> None:
    s = made.statement
    assert not s.provisional
    assert s.line("sensors").verdict == "more"
    assert s.answer.startswith(("No: £386 lost in all", "Not shown: £386 lost in all"))
    assert any("intervals are wide" in n for n in s.notes)
    assert any("1 work orders of sensors are open" in n for n in s.notes)
    assert [a.name for a in s.assumptions if not a.assumed] == [
        "co2_kg_l",
        "detection_precision",
        "detection_recall",
    ]


def test_days_without_data_are_in_neither_side_and_listed() -> None:
    i = month()
    gone = (BEGIN_S + 10 * 86_400.0, BEGIN_S + 13 * 86_400.0)
    b = i.traces[1]
    kept = (b.t_s < gone[0]) | (b.t_s >= gone[1])
    cut = Trace(bin_id="b", t_s=b.t_s[kept], fill_pct=b.fill_pct[kept], sd_pct=0.0)
    some = tuple(e for e in i.emptyings if e.bin_id == "a" or not gone[0] <= e.t_s < gone[1])
    s = make(msgspec.structs.replace(i, traces=(i.traces[0], cut), emptyings=some)).statement
    [left] = s.left_out
    assert (left.bin_id, left.days) == ("b", tuple(date(2026, 1, d) for d in (11, 12, 13)))
    assert s.bin_days_known == 59
    # Fixed days in it: 11 and 13 January. The two emptyings of B that nobody saw then are in neither side.
    assert s.line("collections").fixed == 30
    assert s.line("collections").actual == 27 - 2


def test_days_before_the_sensors_save_nothing() -> None:
    """Sensors from the 14th on: what the lorries drove before is written down nowhere, and is no saving."""
    i, begin_s = month(), BEGIN_S + 13 * 86_400.0
    traces = tuple(
        Trace(bin_id=t.bin_id, t_s=t.t_s[t.t_s >= begin_s], fill_pct=t.fill_pct[t.t_s >= begin_s], sd_pct=0.0)
        for t in i.traces
    )
    later = tuple(d for d in i.rounds or () if d.day >= date(2026, 1, 14))
    some = tuple(e for e in i.emptyings if e.t_s >= begin_s)
    s = make(msgspec.structs.replace(i, traces=traces, emptyings=some, rounds=later)).statement
    # Fixed days from the 15th to the 31st: nine of 15 km and 3 h. Rounds on 13 of the days from the 14th on.
    assert (s.bin_days_known, len(later)) == (36, 13)
    assert [(s.line(k).actual, s.line(k).fixed) for k in ("collections", "km", "hours")] == [
        (16, 18),
        (130, 135),
        (26, 27),
    ]
    assert "On 13 days no bin is known" in "".join(s.notes)
    # A round of a day on which nothing is known counts as little as the fixed one of that day.
    dark = tuple(d for d in i.rounds or () if d.day < date(2026, 1, 14)) + later
    again = make(msgspec.structs.replace(i, traces=traces, emptyings=some, rounds=dark)).statement
    assert again.line("km").actual == 130


def test_a_bin_without_sensor_is_in_no_figure_by_bin_and_named() -> None:
    from rules.core.bin_ledger.values import Bin

    i = month()
    s = make(msgspec.structs.replace(i, bins=(*i.bins, Bin(bin_id="c", label="C")))).statement
    assert [(x.bin_id, x.why) for x in s.left_out] == [("c", "no sensor")]
    assert (s.bins, s.judged) == (3, 2)
    assert s.line("collections").fixed == 32


def test_bins_of_the_schedule_that_are_not_there_are_said() -> None:
    i = month()
    plan = msgspec.structs.replace(i.schedule.plans[0], bins=("a", "b", "old-1"))
    s = make(
        msgspec.structs.replace(i, schedule=msgspec.structs.replace(i.schedule, plans=(plan,)))
    ).statement
    assert s.line("collections").fixed == 32
    assert any(n.startswith("1 bins of the fixed schedule are not installed") for n in s.notes)


def test_without_rounds_nothing_is_claimed_of_km_or_money() -> None:
    s = make(month(rounds=None, complaints=None)).statement
    for key in ("km", "hours", "fuel", "co2", "running", "in_all", "complaints"):
        line = s.line(key)
        assert (line.actual, line.difference, line.verdict) == (None, None, "not known")
    assert s.answer.startswith("Not known in money: no rounds are kept.")
    assert s.line("sensors").actual == pytest.approx(SENSORS)


def test_complaints_without_an_earlier_time_are_counted_and_not_compared() -> None:
    line = make(month(baseline=None)).statement.line("complaints")
    assert (line.actual, line.fixed, line.verdict) == (3, None, "not known")


def test_part_of_a_month_is_provisional_and_a_week_has_no_interval() -> None:
    s = make(month(last=date(2026, 1, 7))).statement
    assert s.provisional
    assert s.line("collections").low is None
    assert s.line("collections").verdict == "not shown"
    assert make(month(), over=False).statement.provisional


def test_stops_that_no_fall_shows_count_as_stops() -> None:
    i = month()
    assert i.rounds is not None
    more = (msgspec.structs.replace(i.rounds[0], bins=("a", "b")), *i.rounds[1:])
    s = make(msgspec.structs.replace(i, rounds=more)).statement
    assert (s.line("collections").actual, s.line("wasted").actual) == (28, 1)
    nameless = (msgspec.structs.replace(i.rounds[0], bins=(), stops=5), *i.rounds[1:])
    assert make(msgspec.structs.replace(i, rounds=nameless)).statement.line("collections").actual == 27 + 4


def test_km_that_nobody_planned_are_estimated_and_said() -> None:
    i = month()
    plan = msgspec.structs.replace(i.schedule.plans[0], km=None, hours=None)
    s = make(
        msgspec.structs.replace(i, schedule=msgspec.structs.replace(i.schedule, plans=(plan,)))
    ).statement
    # Of 22 rounds 17 have one stop and 5 two: the middle one says 10 km for one stop, so 10 * sqrt(2) for two.
    assert s.line("km").fixed == pytest.approx(16 * 10 * 2**0.5)
    # Their speed: 220 km in 44 h less 27 minutes of stops; two minutes of stops a day.
    assert s.line("hours").fixed == pytest.approx(16 * (10 * 2**0.5 / (220 / (44 - 27 / 60)) + 2 / 60))
    assert "estimated" in s.km_source
    assert s.line("km").note == "partly estimated, see the method"


def test_hours_that_no_round_tells_go_by_the_schedule_s_own_speed() -> None:
    i = month()
    assert i.rounds is not None
    unknown = tuple(msgspec.structs.replace(d, hours=None, source="plan") for d in i.rounds)
    s = make(msgspec.structs.replace(i, rounds=unknown)).statement
    # A fixed day: 15 km in 3 h less two minutes of stops.
    assert s.line("hours").actual == pytest.approx(220 * (3 - 2 / 60) / 15 + 27 / 60)
    assert s.line("hours").verdict == "not shown"


def test_days_without_a_round_are_made_up_for_and_counted() -> None:
    i = month()
    assert i.rounds is not None
    s = make(msgspec.structs.replace(i, rounds=i.rounds[:-2])).statement
    lost = sum(len(d.bins) for d in i.rounds[-2:])
    assert s.line("km").actual == pytest.approx(200 * 27 / (27 - lost))
    assert any(n.startswith("On 2 days bins were emptied and no round is kept") for n in s.notes)


def test_an_auditor_can_work_it_out_again_and_sees_what_was_changed(made: Made) -> None:
    data = document(made, made_at="2026-02-01T06:00:00+00:00", by="cityops", over=True)
    assert verify(data).holds
    told = decode(data)
    line = told.statement.lines[0]
    better = msgspec.structs.replace(line, actual=20.0)
    forged = msgspec.structs.replace(told.statement, lines=(better, *told.statement.lines[1:]))
    from rules.core.bin_ledger.codec import encode

    found = verify(encode(msgspec.structs.replace(told, statement=forged)))
    assert (found.holds, found.digest_holds) == (False, True)
    assert found.wrong[0].startswith("lines[collections].actual: told 20.0")
    other = msgspec.structs.replace(told.inputs, rounds=None)
    assert not verify(encode(msgspec.structs.replace(told, inputs=other))).digest_holds
    with pytest.raises(LedgerFileError, match="no statement"):
        verify(b"{}")
    with pytest.raises(LedgerFileError, match="this version reads"):
        verify(encode(msgspec.structs.replace(told, format="other")))


def test_every_collection_and_bin_day_is_told(made: Made) -> None:
    rows = list(tables.collections(made.facts))
    assert rows[0] == tables.COLLECTIONS
    by_side = [sum(r[0] == side for r in rows) for side in ("actual", "fixed", "stop")]
    assert by_side == [27, 32, 27]
    days = list(tables.bin_days(made.facts))
    assert len(days) == 1 + 62
    column = tables.BIN_DAYS.index("overflow_fixed_min")
    assert sum(float(r[column]) for r in days[1:]) == pytest.approx(9000, abs=1.0)


def test_the_same_inputs_give_the_same_statement(made: Made) -> None:
    assert make(month()).statement == made.statement


def test_a_fall_without_emptying_loses_nothing_of_what_was_thrown_in() -> None:
    i = month()
    missed = tuple(e for k, e in enumerate(i.emptyings) if k != 3)
    d = make(msgspec.structs.replace(i, emptyings=missed)).facts.days
    assert len(d.made[0].fell) == 1
    # But the hour in which it fell, and one more: what stayed is told by the middle of three readings.
    assert float(d.made[0].demand.total()[-1]) == pytest.approx(743 - 2, abs=0.1)
    assert d.sides["actual"].visits[0].sum() == 7  # the round says that it stopped there


def test_tariffs_that_cannot_be_are_refused() -> None:
    t: Tariffs = month().tariffs
    wrong = msgspec.structs.replace(t, crew_gbp_h=msgspec.structs.replace(t.crew_gbp_h, low=99.0))
    assert wrong.faults() == ("crew_gbp_h: low 99, value 42 and high 55 must rise from 0 on",)
    assert t.faults() == ()


def test_a_silent_spell_before_an_emptying_is_estimated_and_said() -> None:
    i: Inputs = month()
    a = i.traces[0]
    silent = (a.t_s >= BEGIN_S + 72 * 3600.0) & (a.t_s < BEGIN_S + 97 * 3600.0)
    cut = Trace(bin_id="a", t_s=a.t_s[~silent], fill_pct=a.fill_pct[~silent], sd_pct=0.0)
    made = make(msgspec.structs.replace(i, traces=(cut, i.traces[1])))
    demand = made.facts.days.made[0].demand
    [span] = demand.hidden.tolist()
    assert span == pytest.approx([BEGIN_S + 71 * 3600.0, BEGIN_S + 96 * 3600.0 + 1.0])
    assert float(demand.estimated[-1]) == pytest.approx(25.0, abs=0.5)
    assert made.statement.unseen_share > 0.0


def test_the_digest_is_of_all_inputs() -> None:
    i = month()
    seen = {digest(i)}
    for changed in (
        {"town": "other"}, {"last": i.last - timedelta(days=1)}, {"rounds": None}, {"work": ()}, {"complaints": ()},
        {"baseline": None}, {"notes": ("x",)}, {"method": msgspec.structs.replace(i.method, draws=1999)},
        {"traces": (i.traces[0], Trace(bin_id="b", t_s=i.traces[1].t_s, fill_pct=np.nextafter(i.traces[1].fill_pct, 200.0)))},
    ):  # fmt: skip
        seen.add(digest(month(**changed)))
    assert len(seen) == 10
