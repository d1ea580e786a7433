"""What must hold of the ledger whatever is thrown in."""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.core.bin_ledger.calendar import calendar, midnight_s, visits_s
from rules.core.bin_ledger.codec import decode_inputs, digest, encode
from rules.core.bin_ledger.counterfactual import replay, seconds_by_day
from rules.core.bin_ledger.demand import litres_of, reconstruct
from rules.core.bin_ledger.making import facts_of, lines_of, weights_of
from rules.core.bin_ledger.values import Bin, Emptied, Floats, Inputs, Method, Plan, Schedule, Trace
from tests.fakes.bin_ledger_month import FIRST, LAST, month
from tests.fakes.examples import examples

CAL = calendar(FIRST, LAST, "Europe/London")
HOURLY: Floats = np.asarray(CAL.first_s + 3600.0 * np.arange(744), dtype=np.float64)
M = msgspec.structs.replace(Method(), draws=200)
amounts = st.lists(st.floats(0.0, 9.0), min_size=24, max_size=60).map(lambda x: np.resize(np.array(x), 744))
every_days = st.integers(1, 4)


def levels(came: Floats, emptied_h: set[int], after: float = 0.0) -> tuple[Floats, list[tuple[int, float]]]:
    """Return the level on each hour before it is emptied, uncut, and the emptyings: hour and level then."""
    found, done, at = [], [], after
    for h, more in enumerate(came):
        found.append(at)
        if h in emptied_h:
            done.append((h, at))
            at = after
        at += float(more)
    return np.array(found), done


CLEAR_H = frozenset({2, 3, 4, *range(9, 22)})
"""Hours of the day in which a bin may begin to overflow: some hours before midnight and before it is emptied."""


def away(level: Floats) -> Floats:
    """Return levels of which none is near a threshold, nor any overflow near half an hour: what is full is well beyond the rim.

    A level within the noise of a threshold is told on either side of it: its minutes and its day are no figures to compare.
    """
    found = list[float]()
    for h, at in enumerate(level.tolist()):
        is_over = at >= 92.0 and (h % 24 in CLEAR_H or (len(found) > 0 and found[-1] >= 103.0))
        found.append(max(at, 103.0) if is_over else min(at, 91.9))
    return np.array(found)


def told(bin_id: str, came: Floats, emptied_h: set[int], clear: bool = False) -> tuple[Trace, list[Emptied]]:
    level, done = levels(came, emptied_h)
    if clear:
        level = away(level)
        done = [(h, float(level[h])) for h, _ in done]
    trace = Trace(bin_id=bin_id, t_s=HOURLY, fill_pct=np.minimum(level, 100.0), sd_pct=0.0)
    return trace, [
        Emptied(bin_id=bin_id, t_s=float(HOURLY[h]) + 1.0, before_pct=min(before, 100.0), after_pct=0.0) for h, before in done
    ]  # fmt: skip


def town(came: list[Floats], days: int) -> Inputs:
    """Return bins that really are emptied on the fixed days."""
    plan = Plan(name="all", every_days=days, first_day=FIRST, from_h=7.0, until_h=7.0)
    schedule = Schedule(plans=(plan,), source="as driven")
    hours = {h for h in range(1, 744) if h % 24 == 7 and (h // 24) % days == 0}
    both = [told(f"b{k}", c, hours, clear=True) for k, c in enumerate(came)]
    return month(
        bins=tuple(Bin(bin_id=f"b{k}", label=str(k), device=f"d{k}") for k in range(len(came))),
        traces=tuple(t for t, _ in both), emptyings=tuple(e for _, some in both for e in some), schedule=schedule,
        rounds=None, work=(), method=M,
    )  # fmt: skip


@examples(12)
@given(st.lists(amounts, min_size=1, max_size=3), every_days)
def test_who_drives_the_fixed_days_saves_nothing(came: list[Floats], days: int) -> None:
    t = town(came, days)
    f = facts_of(t)
    for line in lines_of(f, weights_of(f, "0" * 64)):
        if line.key in (
            "collections",
            "overflow_min",
            "full_min",
            "overflow_days",
            "service_level",
            "wasted",
        ):
            assert line.fixed is not None
            # Where a bin is full at the end of a cycle, the line through its last readings does not see the kink: some percent.
            within = {
                "overflow_min": 2.0 + 0.05 * line.fixed, "full_min": 40.0 + 0.1 * line.fixed,
                "overflow_days": 35.0, "service_level": 3.5,
            }.get(line.key, 1e-6)  # fmt: skip
            assert line.difference is not None
            assert abs(line.difference) <= within, line
            assert line.verdict == "not shown", line


@examples(40)
@given(amounts, st.sets(st.integers(2, 742), max_size=40))
def test_no_litre_is_lost_and_none_is_made(came: Floats, emptied_h: set[int]) -> None:
    came = came / 4.0  # little enough that nothing is hidden
    level, done = levels(came, emptied_h)
    trace, own = told("b", came, emptied_h)
    demand = reconstruct(trace, own, CAL, M)
    if len(demand.hidden) == 0:
        # Each end is told by a line through readings that rise unevenly: bounded by what came in its hours.
        true = (sum(b for _, b in done) + level[-1]) * 2.4
        assert abs(litres_of(demand, 240.0) - true) <= 2.4 * 4.0 * float(came.max()) * (len(done) + 2) + 1e-6
    assert np.all(np.diff(demand.seen) >= -1e-9)
    assert np.all(np.diff(demand.estimated) >= -1e-9)
    assert np.all(np.diff(demand.t_s) > 0.0)


@given(
    amounts,
    st.sets(st.integers(2, 742), max_size=12),
    st.sets(st.integers(2, 742), max_size=12),
    st.floats(0.0, 20.0),
)
def test_more_emptyings_never_bring_more_overflow(
    came: Floats, some: set[int], more: set[int], after: float
) -> None:
    trace, own = told("b", came, set(range(100, 744, 100)))
    demand = reconstruct(trace, own, CAL, M)
    within = np.array([[HOURLY[0], HOURLY[-1]]])

    def overflow_s(hours: set[int]) -> Floats:
        at = HOURLY[sorted(hours)] if hours else np.zeros(0)
        return seconds_by_day(replay(demand, at, np.full(len(at), after), M).over, within, CAL)

    assert np.all(overflow_s(some | more) <= overflow_s(some) + 1e-3)


@examples(40)
@given(amounts, st.integers(0, 743), st.floats(0.01, 1.0))
def test_any_fill_that_differs_gives_another_digest(came: Floats, k: int, by: float) -> None:
    i = town([came / 9.0], 2)
    fills = i.traces[0].fill_pct.copy()
    fills[k] += by
    other = msgspec.structs.replace(
        i, traces=(Trace(bin_id="b0", t_s=i.traces[0].t_s, fill_pct=fills, sd_pct=0.0),)
    )
    assert digest(other) != digest(i)
    assert digest(decode_inputs(encode(i))) == digest(i)


@examples(60)
@given(st.dates(date(2024, 1, 1), date(2027, 12, 31)), st.integers(1, 30), st.floats(0.0, 23.0))
def test_fixed_days_are_at_the_town_s_hours_whatever_the_clock_does(
    first: date, n: int, from_h: float
) -> None:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/London")
    plan = Plan(name="x", every_days=1, from_h=from_h, until_h=24.0)
    days = [first + timedelta(days=k) for k in range(n)]
    found = list(visits_s(plan, ("a", "b"), days, zone))
    assert [b for b, _ in found] == ["a", "b"] * n
    for k, day in enumerate(days):
        at = datetime.fromtimestamp(found[2 * k][1], zone)
        assert midnight_s(day, zone) <= found[2 * k][1] < midnight_s(day + timedelta(days=1), zone)
        if (
            not 0.0 < from_h < 3.0
        ):  # in the hour that is left out or comes twice the clock on the wall says something else
            assert abs(at.hour + at.minute / 60.0 + at.second / 3600.0 - from_h) < 0.01
