"""Tonight's lorries as shown: what nobody has reported is not said to be done."""

from __future__ import annotations

from dataclasses import replace as with_
from datetime import UTC, datetime

from ops_api.web.cab_view import LorryView, PlanView, lorry_view, plan_view, time_of
from rules.core.cab.codec import OnRoads
from rules.core.cab.match import Report
from rules.core.cab.model import Plan
from rules.core.cab.paper import document
from rules.core.cab.ploughing import card_of
from tests.fakes.cab_desk import ZONE
from tests.fakes.cab_night import drive, night, progress_of


def shown(
    plan: Plan, on: OnRoads, reports: dict[str, list[Report]], now_s: float
) -> tuple[PlanView, dict[str, LorryView]]:
    """The officer's page and each lorry's."""
    progress = progress_of(on, reports, now_s)
    views = [lorry_view(plan, on, v, ZONE, progress=progress[v], now_s=now_s) for v in on.trips]
    now = datetime.fromtimestamp(plan.contents.start_s + now_s, UTC)
    return plan_view(plan, on, views, ZONE, now), {v.lorry: v for v in views}


def test_a_lorry_that_never_reports_is_named_and_nothing_of_it_is_treated() -> None:
    _, plan, on = night(3)
    ends_s = max(t.ends_s for t in on.trips.values()) + 600.0
    seen = {v: drive(on, v, ends_s) for v in on.trips if v != "L1"}
    board, views = shown(plan, on, seen, ends_s)
    assert (board.headline, board.tone) == ("L1: has never reported on this plan", "bad")
    assert (views["L1"].treated, views["L1"].missed, views["L1"].tone) == (0, 0, "bad")
    assert board.treated < board.passes
    soon, lorries = shown(plan, on, {}, 60.0)
    assert {v.tone for v in lorries.values()} == {"watch"}
    assert soon.treated == 0


def test_the_last_lorry_is_done_after_midnight() -> None:
    _, plan, on = night(3)
    _, views = shown(plan, on, {v: drive(on, v, 400.0) for v in on.trips}, 400.0)
    one, other, *rest = views.values()
    before, after = (
        with_(one, finish="23:50", finish_s=6600.0, late=""), with_(other, finish="00:20", finish_s=8400.0, late="")
    )  # fmt: skip
    quiet = [with_(v, finish="–", finish_s=None, late="") for v in rest]
    now = datetime.fromtimestamp(plan.contents.start_s + 400.0, UTC)
    board = plan_view(plan, on, [before, after, *quiet], ZONE, now)
    assert board.headline.endswith("done by 00:20")


def test_how_far_the_next_turn_is_is_only_said_from_a_fresh_report() -> None:
    _, plan, on = night(3)
    seen = {v: drive(on, v, 400.0, every_s=5.0) for v in on.trips}
    for late_s, said in ((4.0, True), (11.0, False), (55.0, False)):
        _, views = shown(plan, on, seen, 400.0 + late_s)
        view = views["L2"]
        assert view.next is not None
        assert bool(view.ahead) == said
        at = datetime.fromtimestamp(plan.contents.start_s + 400.0, ZONE)
        assert view.as_of == f"as of {at:%H:%M:%S}"


def test_needed_by_is_of_the_stretch_that_is_done_last() -> None:
    _, plan, on = night(3)
    dues = {v: [on.jobs[j].due_s for j in on.trips[v].jobs] for v in on.trips}
    lorry = next(v for v, due in dues.items() if min(due) < due[-1])
    view = lorry_view(plan, on, lorry, ZONE, progress=None, now_s=0.0)
    last = time_of(plan.contents.start_s, dues[lorry][-1], ZONE)
    assert view.due == last != time_of(plan.contents.start_s, min(dues[lorry]), ZONE)
    facts = dict(document(plan, on, card_of(on, lorry), ZONE, council="Frogham")["facts"])
    assert facts["Treated by"].endswith(f"(needed by {last})")
