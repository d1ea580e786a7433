"""Calendar arithmetic of collections: whatever is changed, no day is told twice, and calendars are put right."""

from __future__ import annotations

import os
from datetime import date, timedelta

import icalendar
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.bin_days import ical
from rules.core.bin_days.calendar import collections
from rules.core.bin_days.holidays import proposed
from rules.core.bin_days.model import MOVED_MOST_DAYS, Change, Collection, Round, Service
from rules.core.bin_days.published import Timetable, replaced, shown
from rules.core.bin_days.search import words_of
from tests.fakes.bin_days import HOME

EXAMPLES = settings(max_examples=40 * int(os.environ.get("CITYOPS_TEST_EXAMPLES", "1")), deadline=None)
TODAY = date(2026, 6, 1)
FIRST, LAST = TODAY - timedelta(days=20), TODAY + timedelta(days=60)
day = st.integers(-25, 65).map(lambda n: TODAY + timedelta(days=n))
rule = st.sampled_from(
    ["FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=DAILY;INTERVAL=3", "FREQ=MONTHLY;BYDAY=2TU"]
)
stream = st.sampled_from(["refuse", "food"])


@st.composite
def a_change(draw: st.DrawFn) -> Change:
    of = draw(day)
    to = draw(
        st.none() | st.integers(-MOVED_MOST_DAYS, MOVED_MOST_DAYS).map(lambda n: of + timedelta(days=n))
    )
    return Change(
        day=of,
        to=to,
        reason="x",
        round_id=draw(st.sampled_from([None, "a", "b"])),
        stream=draw(st.none() | stream),
    )


changes = st.lists(a_change(), max_size=12, unique_by=lambda c: (c.day, c.round_id, c.stream))


@st.composite
def a_round(draw: st.DrawFn) -> Round:
    made = [
        Service(stream=s, label=s, container=f"{s} bin", rule=draw(rule), start=date(2026, 5, 4) + timedelta(days=draw(st.integers(0, 6))))
        for s in ("refuse", "food")
    ]  # fmt: skip
    return Round(round_id="a", label="A", services=tuple(made))


def key(c: Collection) -> tuple[str, date]:
    return (c.service.stream, c.original)


@EXAMPLES
@given(a_round(), changes)
def test_no_day_is_told_twice_and_none_is_lost(of: Round, said: list[Change]) -> None:
    found = collections(of, said, FIRST, LAST)
    days = [(c.service.stream, c.day) for c in found if c.day is not None]
    assert len(days) == len(set(days))
    assert len({key(c) for c in found}) == len(found)
    usual = {key(c) for c in collections(of, (), FIRST, LAST)}
    assert usual <= {key(c) for c in found}
    for c in found:
        assert c.day is None or abs((c.day - c.original).days) <= MOVED_MOST_DAYS
        assert bool(c.reason) == (c.day != c.original)


@EXAMPLES
@given(a_round(), changes, st.integers(0, 80), st.integers(0, 80))
def test_a_part_of_the_time_is_told_as_in_the_whole(of: Round, said: list[Change], a: int, b: int) -> None:
    first, last = FIRST + timedelta(days=min(a, b)), FIRST + timedelta(days=max(a, b))
    part = collections(of, said, first, last)
    whole = collections(of, said, FIRST, LAST)
    within = [
        c for c in whole if first <= c.original <= last or (c.day is not None and first <= c.day <= last)
    ]
    assert [c for c in part if c in whole] == within


@EXAMPLES
@given(a_round(), st.lists(st.tuples(st.none() | a_round(), changes), min_size=1, max_size=3))
def test_uids_stay_and_sequences_grow_exactly_where_a_day_changes(
    of: Round, edits: list[tuple[Round | None, list[Change]]]
) -> None:
    table = replaced(Timetable(), [of], (), TODAY, 1.0)
    for step, (new, said) in enumerate(edits, start=2):
        of = of if new is None else new
        after = replaced(table, [of], said, TODAY, float(step))
        before_of = {key(c): c for c in shown(table, ["a"], FIRST, LAST)}
        after_of = {key(c): c for c in shown(after, ["a"], FIRST, LAST)}
        # Whatever was told as going to be is told again, if only as cancelled.
        before_of = {
            k: c
            for k, c in before_of.items()
            if (c.day is not None or c.sequence) and FIRST <= c.original <= LAST
        }
        assert before_of.keys() <= after_of.keys()
        for k, old in before_of.items():
            is_now = after_of[k]
            assert ical.uid(HOME, old) == ical.uid(HOME, is_now)
            assert is_now.sequence - old.sequence == (1 if is_now.day != old.day else 0)
            assert is_now.changed_s == (float(step) if is_now.day != old.day else old.changed_s)
        assert replaced(after, [of], said, TODAY, 99.0) == after
        table = after


@EXAMPLES
@given(a_round(), changes)
def test_a_calendar_reads_back_with_one_event_each(of: Round, said: list[Change]) -> None:
    table = replaced(replaced(Timetable(), [of], (), TODAY, 1.0), [of], said, TODAY, 2.0)
    found = shown(table, ["a"], FIRST, LAST)
    events = icalendar.Calendar.from_ical(ical.calendar_of(HOME, found)).walk("VEVENT")
    assert {str(e["uid"]): (e["dtstart"].dt, str(e["status"])) for e in events} == {
        ical.uid(HOME, c): (c.day or c.original, "CANCELLED" if c.day is None else "CONFIRMED") for c in found
    }
    assert len(events) == len(found)


@EXAMPLES
@given(st.sets(day, max_size=6))
def test_what_a_bank_holiday_moves_is_never_on_one_or_on_a_sunday(holidays: set[date]) -> None:
    shifts, left = proposed(holidays, FIRST, LAST)
    to = [c.to for c in shifts if c.to is not None]
    assert len(set(to)) == len(to) == len(shifts)
    for c in shifts:
        assert c.to is not None
        assert c.to > c.day
        assert c.to.isocalendar()[:2] == c.day.isocalendar()[:2]
        assert c.to not in holidays
        assert c.to.weekday() < 6
    assert not {c.day for c in shifts} & set(left)


@EXAMPLES
@given(st.text(max_size=60))
def test_words_are_found_in_what_they_come_from(text: str) -> None:
    words = words_of(text)
    assert set(words_of(text.upper())) <= set(words_of(text.upper() + ", xyz"))
    assert all(w.isascii() and w for w in words)
    assert len(set(words)) == len(words)


def test_a_day_moved_to_before_what_is_told_keeps_its_sequence() -> None:
    """2026-05-11 is told of from 1 June, 30 April is not: what it was last told as must not be forgotten."""
    refuse = Service(
        stream="refuse",
        label="refuse",
        container="refuse bin",
        rule="FREQ=WEEKLY",
        start=date(2026, 5, 4),
        colour="grey",
    )
    of = Round(round_id="a", label="A", services=(refuse,))
    moved = [Change(day=date(2026, 5, 11), to=date(2026, 4, 30), reason="x")]
    before = replaced(Timetable(), [of], (), TODAY, 1.0)
    after = replaced(before, [of], moved, TODAY, 2.0)
    assert [(r.original, r.day) for r in after.revisions] == [(date(2026, 5, 11), date(2026, 4, 30))]
    assert replaced(after, [of], moved, TODAY, 99.0) == after
