"""The legal clock under any dates: later never makes earlier, clocks that change change no day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue.law_files import load_law
from rules.core.legal_clock import CaseEvent, WorkingDays, judge_case
from rules.core.legal_clock.model import CLAIMS, EVENT_KINDS, STEP_NAMES, CaseKind

LONDON = ZoneInfo("Europe/London")
LAW, DAYS = load_law()
SAME = WorkingDays(DAYS.holidays, "same_day", LONDON)
days = st.dates(date(2025, 2, 1), date(2028, 9, 30))
first_s, last_s = (datetime(y, 1, 1, tzinfo=UTC).timestamp() for y in (2026, 2028))
times = st.floats(first_s, last_s, allow_nan=False)


@given(days, days, st.integers(1, 30))
def test_a_later_start_never_ends_earlier_and_more_days_end_later(a: date, b: date, n: int) -> None:
    early, late = sorted((a, b))
    for calendar in (DAYS, SAME):
        assert calendar.after(early, n) <= calendar.after(late, n)
        assert calendar.after(early, n) < calendar.after(early, n + 1)
        assert calendar.is_working_day(calendar.after(early, n))
    assert SAME.after(early, n) <= DAYS.after(early, n)


@given(days, st.integers(1, 30))
def test_exactly_so_many_working_days_lie_between(start: date, n: int) -> None:
    end = DAYS.after(start, n)
    between = [start + timedelta(days=i) for i in range(1, (end - start).days + 1)]
    assert sum(DAYS.is_working_day(d) for d in between) == n
    assert DAYS.before(end, n) <= start or not DAYS.is_working_day(start)


@given(times)
def test_a_day_ends_at_midnight_in_london_also_when_clocks_change(at_s: float) -> None:
    day = DAYS.day_of(at_s)
    end_s = DAYS.end_of(day)
    assert at_s < end_s
    assert DAYS.day_of(end_s) == day + timedelta(days=1)
    assert DAYS.day_of(end_s - 1e-3) == day
    assert end_s - DAYS.end_of(day - timedelta(days=1)) in (82_800, 86_400, 90_000)


events = st.builds(
    CaseEvent,
    number=st.integers(1, 1000),
    kind=st.sampled_from([k for k in EVENT_KINDS if k != "withdrawn"]),
    at_s=times,
    step=st.sampled_from([None, *STEP_NAMES]),
    until=st.one_of(st.none(), days),
    note=st.just("x"),
    role=st.sampled_from(["resident", "officer"]),
)
cases = st.lists(events, max_size=8, unique_by=lambda e: e.number)
kinds = st.sampled_from(["significant", "emergency"])
DONE = {"met", "late", "not_needed", "closed"}


@given(kinds, cases, times, times)
def test_what_is_done_stays_done_and_what_lies_ahead_changes_nothing(
    kind: CaseKind, found: list[CaseEvent], a: float, b: float
) -> None:
    early, late = sorted((a, b))
    past = [e for e in found if e.at_s <= early]
    before = judge_case(kind, found, early, LAW, DAYS)
    assert before == judge_case(kind, past, early, LAW, DAYS)
    after = judge_case(kind, past, late, LAW, DAYS)
    for old, new in zip(before.steps, after.steps, strict=True):
        assert old.until_s == new.until_s
        if old.state in DONE or old.state == "missed":
            assert old.state == new.state


@given(kinds, cases, times)
def test_the_state_does_not_depend_on_the_order_of_writing(
    kind: CaseKind, found: list[CaseEvent], now_s: float
) -> None:
    assert judge_case(kind, found, now_s, LAW, DAYS) == judge_case(kind, found[::-1], now_s, LAW, DAYS)


@given(kinds, cases, times)
def test_what_the_council_says_to_be_free_of_a_step_moves_none(
    kind: CaseKind, found: list[CaseEvent], now_s: float
) -> None:
    without = [e for e in found if e.kind not in CLAIMS or e.role == "resident"]
    told, judged = (judge_case(kind, events, now_s, LAW, DAYS).steps for events in (found, without))
    for a, b in zip(told, judged, strict=True):
        assert (a.state, a.until_s, a.done_s, a.extended_to) == (b.state, b.until_s, b.done_s, b.extended_to)


@given(kinds, cases, times)
def test_met_means_before_the_limit_and_missed_after_it(
    kind: CaseKind, found: list[CaseEvent], now_s: float
) -> None:
    state = judge_case(kind, found, now_s, LAW, DAYS)
    for step in state.steps:
        if step.state in ("met", "late"):
            assert step.done_s is not None
            assert step.until_s is not None
            assert (step.done_s < step.until_s) == (step.state == "met")
        if step.state == "missed":
            assert step.until_s is not None
            assert step.until_s <= now_s
        if step.due_s is not None and step.until_s is not None:
            assert step.until_s >= step.due_s
    assert state.next is None or state.next.state == "running"
