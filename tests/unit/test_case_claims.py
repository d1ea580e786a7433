"""What ends a step by itself, and what the owing side says to be free of one: shown, and not judged by."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from ops_api.case_work import case_document, case_lines
from ops_api.housing import view as housing_view
from ops_api.housing.clocks import clock_of
from ops_api.web import home_case
from ops_api.web.brand import Brand
from rules.core.evidence.contents import Case
from rules.core.legal_clock import CaseEvent, reminders
from rules.core.legal_clock.model import CaseKind
from rules.core.legal_clock.words import answer, step_line
from tests.unit.test_legal_clock import DAYS, LAW, LONDON, at, event, judged, step

AWARE = event("aware", "2026-01-05 10:00", number=1)
NOW = "2026-06-01 10:00"


def said(kind: str, when: str, number: int = 9, **more: object) -> CaseEvent:
    """Return what an officer writes, in time."""
    given = {"note": "Roofer ill.", "role": "officer", "by": "J. Smith", "recorded_s": at(when)} | more
    return event(kind, when, number, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["works_done", "works_begun"])
def test_works_that_are_done_were_begun(kind: str) -> None:
    events = (
        AWARE, event("investigated", "2026-01-08 10:00"), event("summary", "2026-01-09 10:00"),
        event("made_safe", "2026-01-10 10:00"), event(kind, "2026-01-13 10:00"),  # type: ignore[arg-type]
    )  # fmt: skip
    state = judged(*events, now=NOW)
    assert [s.state for s in state.steps] == ["met"] * 5
    assert answer(state, LONDON) == "Every step is done or not needed."
    late = event(kind, "2026-01-13 10:00", recorded_s=at("2026-05-30 10:00"))  # type: ignore[arg-type]
    found = judged(*events[:-1], late, now=NOW)
    assert all("Written down on Saturday 30 May 2026" in step(found, n).warning for n in ("begin", "start"))


@pytest.mark.parametrize(("kind", "name"), [("significant", "investigate"), ("emergency", "emergency")])
def test_that_no_hazard_was_found_ends_the_investigation_by_itself(kind: CaseKind, name: str) -> None:
    state = judged(AWARE, event("no_hazard", "2026-01-05 15:00"), now="2026-01-07 10:00", kind=kind)
    assert (step(state, name).state, state.missed) == ("met", ())
    assert step(state, "summary").due_day == date(2026, 1, 8)
    assert (
        step(judged(AWARE, event("no_hazard", "2026-01-21 15:00"), now=NOW, kind=kind), name).state == "late"
    )


def test_the_entry_that_came_first_decides_whether_it_was_written_down_in_time() -> None:
    own = event("investigated", "2026-01-08 10:00", recorded_s=at("2026-01-08 11:00"))
    paper = event("no_hazard", "2026-01-08 10:00", recorded_s=at("2026-03-02 11:00"))
    assert step(judged(AWARE, own, paper, now=NOW), "investigate").warning == ""


def test_more_time_in_the_councils_words_is_shown_and_the_law_is_judged() -> None:
    claim = said("extended", "2026-01-06 10:00", step="investigate", until=date(2030, 1, 1))
    state = judged(AWARE, claim, now=NOW)
    found = step(state, "investigate")
    assert (found.state, found.due_day, found.extended_to) == ("missed", date(2026, 1, 19), None)
    words = (
        "The council (J. Smith) says since Tuesday 6 January 2026 that there is more time until Tuesday 1 January 2030: "
        "Roofer ill. It counts only where the household writes the same before the time is up."
    )
    assert found.warning == words
    assert words in step_line(found, LONDON)
    assert state.claims == (claim,)
    assert "Time is up" in answer(state, LONDON)


def test_more_time_that_the_household_wrote_counts_and_says_so_and_one_setting_says_never() -> None:
    claim = said("extended", "2026-01-06 10:00", step="investigate", until=date(2026, 2, 6))
    own = event("extended", "2026-01-07 10:00", 10, step="investigate", until=date(2026, 2, 6), note="Agreed")
    state = judged(AWARE, claim, own, now="2026-01-30 10:00")
    found = step(state, "investigate")
    assert (found.state, found.extended_to, found.said_by) == ("running", date(2026, 2, 6), "resident")
    assert (found.warning, state.claims) == ("", ())
    assert "as the household says: Agreed" in step_line(found, LONDON)
    less = replace(own, until=date(2026, 1, 23))
    short = judged(AWARE, claim, less, now="2026-01-30 10:00")
    assert (step(short, "investigate").extended_to, short.claims) == (date(2026, 1, 23), (claim,))
    never = judged(AWARE, claim, own, now="2026-01-30 10:00", law=replace(LAW, more_time="never"))
    assert LAW.more_time == "agreed"
    assert (step(never, "investigate").state, never.claims) == ("missed", ())
    assert step(never, "investigate").warning.count("The law's own limit stays.") == 2


def test_a_step_is_not_needed_when_the_household_says_so_too() -> None:
    investigated = event("investigated", "2026-01-08 10:00")
    claim = said("not_needed", "2026-01-09 10:00", step="safety", note="Only dust")
    state = judged(AWARE, investigated, claim, now=NOW)
    assert step(state, "safety").state == "missed"
    assert "this step is not needed: Only dust. It does not count" in step(state, "safety").warning
    own = event("not_needed", "2026-01-09 12:00", step="safety", note="It was dust")
    found = step(judged(AWARE, investigated, claim, own, now=NOW), "safety")
    assert (found.state, found.warning) == ("not_needed", "")
    assert step_line(found, LONDON).endswith(
        "not needed; limit Thursday 15 January 2026; as the household says: It was dust"
    )
    nothing = said("no_hazard", "2026-01-08 10:00", note="")
    spared = step(judged(AWARE, nothing, now=NOW), "safety")
    assert step_line(spared, LONDON).endswith("as the council says: no hazard was found")


def test_a_case_that_the_council_closes_runs_on_while_it_owes_something() -> None:
    closed = said("closed", "2026-01-06 10:00", note="Done")
    state = judged(AWARE, closed, now=NOW)
    assert ([s.name for s in state.missed], state.over, state.claims) == (["investigate"], False, (closed,))
    assert (
        "The council (J. Smith) says since Tuesday 6 January 2026 that the case is closed: Done. "
        "What runs goes on unless the household writes the same."
    ) in state.warnings
    assert reminders(
        1, True, judged(AWARE, closed, now="2026-01-16 10:00"), at("2026-01-16 10:00"), LAW, DAYS
    )
    both = judged(AWARE, closed, event("closed", "2026-01-07 10:00", note="Yes"), now=NOW)
    assert (both.over, both.missed, both.claims) == (True, (), ())
    done = [
        event(k, "2026-01-08 10:00")
        for k in ("investigated", "no_hazard", "summary")  # type: ignore[arg-type]
    ]
    over = judged(AWARE, *done, said("closed", "2026-01-09 10:00"), now=NOW)
    assert (over.over, answer(over, LONDON), over.warnings) == (True, "The case is closed.", ())


def test_what_the_council_says_is_on_every_page_with_who_said_it() -> None:
    claim = said("extended", "2026-01-06 10:00", step="investigate", until=date(2030, 1, 1))
    opened = datetime(2026, 1, 5, tzinfo=UTC)
    case = Case(
        case_id=1, kind="significant", hazard="damp", landlord="", council_owned=True, opened_at=opened,
        opened_by="x", events=(AWARE, claim),
    )  # fmt: skip
    now = datetime(2026, 1, 12, tzinfo=UTC)
    document = case_document(case, now, LAW, DAYS)
    assert [c["number"] for c in document["claims"]] == [9]
    assert any("(the council: J. Smith)" in line for line in case_lines(case, now, LAW, DAYS))
    page = home_case.view([document], [], [], [], {}, now=now, brand=Brand()).cases[0]
    assert [(c.number, c.said) for c in page.claims] == [
        (9, "they have until Tuesday 1 January 2030 to look into the damp")
    ]
    assert "They have until Monday 19 January." in page.steps[0].said
    assert "The council (J. Smith) says" in page.steps[0].said
    assert next(e.said for e in page.events) == "More time was given. The council wrote this."
    up = datetime(2026, 2, 1, tzinfo=UTC)
    document = case_document(case, up, LAW, DAYS)
    late = home_case.view([document], [], [], [], {}, now=up, brand=Brand()).cases[0]
    assert (late.claims, document["missed"]) == ((), ["investigate"]), "to agree now would change nothing"
    officer = housing_view.case_view(case, clock_of(case, now, LAW, DAYS), [], now=now, law=LAW, days=DAYS)
    assert "The council (J. Smith) says" in officer.steps[0].note
    assert officer.clock.due == "Monday 19 January 2026"
