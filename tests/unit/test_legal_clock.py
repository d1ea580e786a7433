"""The legal clock against the sheet's dates, the calendar against Easter, and what each setting changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.easter import easter
from msgspec.structs import replace

from cityops.errors import ConfigurationError
from rules.catalogue.law_files import SHIPPED, load_law
from rules.core.legal_clock import CaseEvent, HolidaysUnknownError, Law, WorkingDays, judge_case, reminders
from rules.core.legal_clock.entry import why_refused
from rules.core.legal_clock.model import CaseKind, CaseState, EventKind, Step
from rules.core.legal_clock.remind import told_from_s
from rules.core.legal_clock.words import answer, step_line

LONDON = ZoneInfo("Europe/London")
LAW, DAYS = load_law()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp()


def event(kind: EventKind, when: str, number: int = 0, **more: object) -> CaseEvent:
    return CaseEvent(number=number or abs(hash((kind, when))), kind=kind, at_s=at(when), **more)  # type: ignore[arg-type]


def judged(
    *events: CaseEvent, now: str, kind: CaseKind = "significant", law: Law = LAW, days: WorkingDays = DAYS
) -> CaseState:
    return judge_case(kind, events, at(now), law, days)


def step(state: CaseState, name: str) -> Step:
    return next(s for s in state.steps if s.name == name)


@pytest.mark.parametrize(
    ("aware", "due"),
    [
        (date(2025, 12, 1), date(2025, 12, 15)),
        (date(2025, 12, 15), date(2025, 12, 31)),
        (date(2025, 12, 19), date(2026, 1, 7)),
        (date(2026, 3, 27), date(2026, 4, 14)),
    ],
)
def test_ten_working_days_as_the_sheet_has_them(aware: date, due: date) -> None:
    assert DAYS.after(aware, 10) == due
    state = judged(event("aware", f"{aware} 09:00"), now=f"{aware} 10:00")
    assert step(state, "investigate").due_day == due


def test_day_counting_is_one_setting() -> None:
    same = WorkingDays(DAYS.holidays, "same_day", LONDON)
    assert same.after(date(2025, 12, 1), 10) == date(2025, 12, 12)
    assert same.after(date(2025, 12, 6), 1) == DAYS.after(date(2025, 12, 6), 1) == date(2025, 12, 8)
    assert LAW.day_counting == "next_working_day"


def test_the_start_of_the_twelve_weeks_is_one_setting() -> None:
    events = (
        event("reported", "2026-01-05 09:00"),
        event("aware", "2026-01-06 09:00"),
        event("investigated", "2026-01-14 15:00"),
    )
    assert LAW.twelve_weeks_from == "investigation_concluded"
    assert step(judged(*events, now="2026-01-20 10:00"), "start").due_day == date(2026, 4, 8)
    other = replace(LAW, twelve_weeks_from="first_contact")
    found = step(judged(*events, now="2026-01-20 10:00", law=other), "start")
    assert (found.due_day, found.limit) == (date(2026, 3, 30), "12 weeks after the first report")


def test_bank_holidays_are_those_of_the_act() -> None:
    def on_weekday(day: date) -> date:
        while day.weekday() > 4:
            day += timedelta(days=1)
        return day

    def monday(year: int, month: int, last: bool) -> date:
        days = [date(year, month, 1) + timedelta(days=i) for i in range(31)]
        mondays = [d for d in days if d.month == month and d.weekday() == 0]
        return mondays[-1 if last else 0]

    expected = set()
    for year in range(2025, 2029):
        christmas = on_weekday(date(year, 12, 25))
        boxing = on_weekday(max(date(year, 12, 26), christmas + timedelta(days=1)))
        expected |= {
            on_weekday(date(year, 1, 1)), easter(year) - timedelta(days=2), easter(year) + timedelta(days=1),
            monday(year, 5, last=False), monday(year, 5, last=True), monday(year, 8, last=True), christmas, boxing,
        }  # fmt: skip
    assert DAYS.holidays.days == expected


def test_dates_beyond_what_is_known_are_refused_and_not_guessed() -> None:
    with pytest.raises(
        HolidaysUnknownError, match="known from Wednesday 1 January 2025 to Sunday 31 December 2028"
    ):
        DAYS.after(date(2028, 12, 27), 10)
    found = step(judged(event("aware", "2028-12-27 09:00"), now="2028-12-28 09:00"), "investigate")
    assert (found.state, found.due_s) == ("unknown", None)
    assert "Add them to bank_holidays_england.toml" in found.warning


def test_an_emergency_goes_by_the_clock_also_when_that_is_put_back() -> None:
    aware = event("aware", "2026-10-24 12:00")  # the clocks go back that night
    state = judged(aware, now="2026-10-25 10:59", kind="emergency")
    assert step(state, "emergency").due_s == at("2026-10-25 11:00")
    assert step(state, "emergency").state == "running"
    assert step(judged(aware, now="2026-10-25 11:00", kind="emergency"), "emergency").state == "missed"
    half = (aware, event("investigated", "2026-10-24 18:00"))
    assert step(judged(*half, now="2026-10-25 12:00", kind="emergency"), "emergency").state == "missed"
    whole = (*half, event("made_safe", "2026-10-25 10:59"))
    assert step(judged(*whole, now="2026-10-25 12:00", kind="emergency"), "emergency").state == "met"


def test_a_case_from_awareness_to_its_end() -> None:
    events = [event("aware", "2026-01-05 16:00")]
    state = judged(*events, now="2026-01-06 09:00")
    assert [s.state for s in state.steps] == ["running", "waiting", "waiting", "waiting", "waiting"]
    assert answer(state, LONDON) == "Next: investigate the hazard by Monday 19 January 2026."
    assert step(judged(*events, now="2026-01-19 23:59"), "investigate").state == "running"
    late = judged(*events, now="2026-01-20 00:00")
    assert [s.name for s in late.missed] == ["investigate"]
    assert "Time is up, and not recorded as done: investigate the hazard" in answer(late, LONDON)
    events += [event("investigated", "2026-01-21 11:00")]
    state = judged(*events, now="2026-01-21 12:00")
    assert [s.state for s in state.steps] == ["late", "running", "running", "running", "running"]
    assert [s.due_day for s in state.steps[1:]] == [
        date(2026, 1, 26), date(2026, 1, 28), date(2026, 1, 28), date(2026, 4, 15),
    ]  # fmt: skip
    events += [
        event("summary", "2026-01-26 23:30"), event("made_safe", "2026-01-29 09:00"),
        event("steps_taken", "2026-01-27 09:00"), event("works_begun", "2026-03-02 09:00"),
    ]  # fmt: skip
    state = judged(*events, now="2026-03-03 09:00")
    assert [s.state for s in state.steps] == ["late", "met", "late", "met", "met"]
    assert answer(state, LONDON) == "Every step is done or not needed."
    assert "done after the limit; limit Wednesday 28 January 2026" in step_line(step(state, "safety"), LONDON)


def test_no_hazard_ends_the_works_but_not_the_summary() -> None:
    events = (
        event("aware", "2026-01-05 16:00"),
        event("investigated", "2026-01-14 11:00"),
        event("no_hazard", "2026-01-14 11:00"),
    )
    states = {s.name: s.state for s in judged(*events, now="2026-01-15 09:00").steps}
    assert states == {
        "investigate": "met", "summary": "running", "safety": "not_needed", "begin": "not_needed", "start": "not_needed",
    }  # fmt: skip


def test_an_emergency_that_turns_out_to_be_no_hazard_is_met_by_its_investigation() -> None:
    aware = event("aware", "2026-01-05 09:00")
    for investigated, state in (("2026-01-05 12:00", "met"), ("2026-01-06 12:00", "late")):
        events = (aware, event("investigated", investigated), event("no_hazard", investigated))
        found = judged(*events, now="2026-01-08 09:00", kind="emergency")
        assert step(found, "emergency").state == state
        assert found.missed == ()
    hazard = judged(
        aware, event("investigated", "2026-01-05 12:00"), now="2026-01-08 09:00", kind="emergency"
    )
    assert step(hazard, "emergency").state == "missed", "investigated, and not made safe"


def test_an_extension_counts_only_when_given_in_time_and_keeps_the_limit_of_the_law() -> None:
    aware, investigated = event("aware", "2026-01-05 16:00"), event("investigated", "2026-01-14 11:00")

    def more(when: str) -> CaseEvent:
        return event("extended", when, step="safety", until=date(2026, 2, 6), note="The roofer is ill")

    found = step(judged(aware, investigated, more("2026-01-20 10:00"), now="2026-01-30 09:00"), "safety")
    assert (found.state, found.due_day, found.extended_to) == ("running", date(2026, 1, 21), date(2026, 2, 6))
    said = "extended from Wednesday 21 January 2026; as the household says: The roofer is ill"
    assert said in step_line(found, LONDON)
    found = step(judged(aware, investigated, more("2026-01-22 10:00"), now="2026-01-30 09:00"), "safety")
    assert (found.state, found.extended_to) == ("missed", None)
    assert "does not count" in found.warning


def test_more_time_that_was_written_down_when_the_time_was_up_does_not_count_whatever_its_date() -> None:
    aware, investigated = event("aware", "2026-01-05 16:00"), event("investigated", "2026-01-14 11:00")

    def more(recorded: str) -> Step:
        given = event(
            "extended", "2026-01-20 10:00", step="safety", until=date(2026, 2, 6), note="Ill", recorded_s=at(recorded)
        )  # fmt: skip
        return step(judged(aware, investigated, given, now="2026-01-30 09:00"), "safety")

    assert (more("2026-01-21 23:59").state, more("2026-01-21 23:59").warning) == ("running", "")
    found = more("2026-01-22 00:00")
    assert (found.state, found.extended_to) == ("missed", None)
    assert (
        found.warning
        == "More time was written down on Thursday 22 January 2026, after the time was up; it does not count here."
    )


def test_what_was_written_down_when_the_time_was_up_says_so_beside_its_step() -> None:
    def found(*events: CaseEvent, name: str, kind: CaseKind = "significant") -> tuple[str, str]:
        seen = step(
            judged(event("aware", "2026-01-05 16:00"), *events, now="2026-04-01 09:00", kind=kind), name
        )
        assert (seen.warning in step_line(seen, LONDON)) is True
        return seen.state, seen.warning

    said = "Written down on Monday 2 March 2026, after the time was up."
    march = at("2026-03-02 10:00")
    backdated = event("investigated", "2026-01-14 11:00", recorded_s=march)
    assert found(backdated, name="investigate") == ("met", said)
    in_time = event("investigated", "2026-01-14 11:00", recorded_s=at("2026-01-19 23:59"))
    assert found(in_time, name="investigate") == ("met", "")
    honest = event("investigated", "2026-02-27 11:00", recorded_s=march)
    assert found(honest, name="investigate") == ("late", "")
    closed = event("closed", "2026-01-12 09:00", note="Moved", recorded_s=march)
    assert found(closed, name="investigate") == ("closed", said)
    spared = event("not_needed", "2026-01-15 09:00", step="safety", note="x", recorded_s=march)
    assert found(in_time, spared, name="safety") == ("not_needed", said)
    nothing = event("no_hazard", "2026-01-14 11:00", recorded_s=march)
    assert found(in_time, nothing, name="safety") == ("not_needed", said)
    early = event("investigated", "2026-01-05 17:00", recorded_s=at("2026-01-05 17:00"))
    assert found(early, nothing, name="emergency", kind="emergency") == ("met", said)


def test_nobody_withdraws_what_the_other_side_wrote() -> None:
    before = [
        event("aware", "2026-01-07 09:00", number=1),
        event("investigated", "2026-01-08 09:00", number=2, role="officer"),
    ]

    def refused(number: int, role: str) -> str | None:
        gone = event("withdrawn", "2026-01-10 09:00", note="x", refers_to=number, role=role)
        return why_refused("significant", before, gone, at("2026-01-15 09:00"))

    assert "Entry 1 was written by the household, and only they withdraw it" in (refused(1, "officer") or "")
    assert "Entry 2 was written by the council, and only they withdraw it" in (refused(2, "resident") or "")
    assert refused(1, "resident") is refused(2, "officer") is None


def test_what_is_withdrawn_never_was() -> None:
    wrong = event("investigated", "2026-01-07 11:00", number=7)
    gone = event("withdrawn", "2026-01-08 11:00", number=8, refers_to=7, note="Wrong home")
    state = judged(event("aware", "2026-01-05 16:00"), wrong, gone, now="2026-01-09 09:00")
    assert [s.state for s in state.steps] == ["running", "waiting", "waiting", "waiting", "waiting"]


def test_it_says_when_the_clock_has_not_started_or_the_law_was_not_in_force() -> None:
    state = judged(event("reported", "2026-01-05 16:00"), now="2026-01-09 09:00")
    assert answer(state, LONDON) == "The clock has not started."
    assert "nobody has recorded when the landlord became aware" in state.warnings[0]
    [warning] = judged(event("aware", "2025-10-26 23:59"), now="2025-11-01 09:00").warnings
    assert "before the Regulations were in force (Monday 27 October 2025)" in warning
    assert judged(event("aware", "2025-10-27 00:00"), now="2025-11-01 09:00").warnings == ()


def test_a_closed_case_runs_no_more_but_what_was_missed_stays() -> None:
    aware, closed = event("aware", "2026-01-05 16:00"), event("closed", "2026-01-12 09:00", note="Moved out")
    state = judged(aware, closed, now="2026-03-01 09:00")
    assert (state.over, {s.state for s in state.steps}) == (True, {"closed"})
    state = judged(aware, event("closed", "2026-02-12 09:00", note="Moved out"), now="2026-03-01 09:00")
    assert [s.name for s in state.missed] == ["investigate"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (event("aware", "2026-02-01 09:00"), "future"),
        (event("closed", "2026-01-10 09:00", note=" "), "needs its reason"),
        (event("extended", "2026-01-10 09:00", note="x", until=date(2026, 2, 1)), "A step belongs"),
        (event("aware", "2026-01-10 09:00", step="safety"), "A step belongs"),
        (event("extended", "2026-01-10 09:00", note="x", step="safety"), "new last day"),
        (event("not_needed", "2026-01-10 09:00", note="x", step="emergency"), "has no step 'emergency'"),
        (event("withdrawn", "2026-01-10 09:00", note="x", refers_to=99), "has no entry 99"),
        (event("withdrawn", "2026-01-10 09:00", note="x", refers_to=3), "Entry 3 is withdrawn"),
        (event("withdrawn", "2026-01-06 09:00", note="x", refers_to=1), "before it happened"),
        (event("aware", "2026-01-10 09:00", refers_to=1), "number of an earlier entry"),
    ],
)
def test_an_entry_that_can_not_be_is_refused_in_words(wrong: CaseEvent, says: str) -> None:
    before = [
        event("aware", "2026-01-07 09:00", number=1),
        event("investigated", "2026-01-08 09:00", number=3),
        event("withdrawn", "2026-01-09 09:00", number=4, refers_to=3, note="x"),
    ]
    assert says in (why_refused("significant", before, wrong, at("2026-01-15 09:00")) or "")
    fine = event("withdrawn", "2026-01-10 09:00", note="Wrong day", refers_to=1)
    assert why_refused("significant", before, fine, at("2026-01-15 09:00")) is None


def test_reminders_come_two_working_days_before_and_when_time_is_up_and_go_to_officers_of_the_council_only() -> (
    None
):
    aware = event("aware", "2026-01-05 16:00")  # until Monday 19 January

    def due(now: str, council: bool = False) -> list[tuple[str, str]]:
        state = judged(aware, now=now)
        return [(r.what, r.audience) for r in reminders(12, council, state, at(now), LAW, DAYS)]

    assert due("2026-01-15 08:59") == []
    assert due("2026-01-15 09:00") == [("soon", "resident")]
    assert due("2026-01-19 23:59", council=True) == [("soon", "resident"), ("soon", "officer")]
    assert due("2026-01-20 00:00", council=True) == [("missed", "resident"), ("missed", "officer")]
    assert due("2026-02-03 00:00") == []
    state = judged(aware, now="2026-01-20 00:00")
    [told] = reminders(12, False, state, at("2026-01-20 00:00"), LAW, DAYS)
    assert told_from_s(told, at("2026-01-20 00:00"), LAW, DAYS) == at("2026-01-20 09:00")
    assert told_from_s(told, at("2026-01-20 20:00"), LAW, DAYS) == at("2026-01-21 09:00")
    assert (
        told.title
        == "The time for your landlord to check the damp in your home ended: Monday 19 January 2026."
    )
    assert "information, not advice" in told.body


def test_an_officers_reminder_says_case_and_last_day_first() -> None:
    state = judged(
        event("aware", "2026-01-05 16:00"), event("investigated", "2026-01-08 16:00"), now="2026-01-14 10:00"
    )
    told = [
        r for r in reminders(12, True, state, at("2026-01-14 10:00"), LAW, DAYS) if r.audience == "officer"
    ]
    assert [r.title for r in told] == [
        "Case 12: time was up Tuesday 13 January 2026: Give the tenant a written summary.",
        "Case 12: by Thursday 15 January 2026: Complete the safety works.",
        "Case 12: by Thursday 15 January 2026: Begin further works, or take steps to begin them.",
    ]
    assert all("/housing" in r.body for r in told)


def test_an_extension_brings_a_reminder_of_its_own() -> None:
    events = [event("aware", "2026-01-05 16:00")]
    more = event("extended", "2026-01-16 09:00", step="investigate", until=date(2026, 1, 30), note="Key lost")
    first = reminders(1, False, judged(*events, now="2026-01-16 10:00"), at("2026-01-16 10:00"), LAW, DAYS)
    later = judged(*events, more, now="2026-01-28 10:00")
    second = reminders(1, False, later, at("2026-01-28 10:00"), LAW, DAYS)
    assert len({r.key for r in (*first, *second)}) == 2
    assert "Friday 30 January 2026" in second[0].title


def test_a_mistake_in_the_laws_files_is_told_in_words(tmp_path: Path) -> None:
    for name in ("hazards_2025.toml", "bank_holidays_england.toml"):
        (tmp_path / name).write_text((SHIPPED / name).read_text(encoding="utf-8"), encoding="utf-8")
    file = tmp_path / "hazards_2025.toml"
    good = file.read_text(encoding="utf-8")
    for wrong, says in (
        (good.replace('day_counting = "next_working_day"', 'day_counting = "guess"'), "day_counting"),
        (good.replace("summary_days = 3", "summary_days = 0"), "summary_days"),
        (good.replace("Europe/London", "Europe/Camelot"), "no such zone"),
        ("x", "hazards_2025.toml"),
    ):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=says):
            load_law(tmp_path)
