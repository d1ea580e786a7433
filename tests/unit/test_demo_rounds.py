"""What a demo's check finds of a day's rounds, and the lorries that its household rounds name."""

from __future__ import annotations

import msgspec
import pytest

from firmware_sim.world.collection import CrewAct
from ops_api.crews_book import SAID, request_of
from ops_api.demo.bin_days import rounds
from ops_api.demo.verify_bins import Collected
from rules.core.collection_acts.record import Act
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.plan import Costs, LorryRound, MadeFrom, NotCollected, RoundPlan
from rules.rounds.ports import Rounds

PLACE = Place(52.0, 0.0)


def plan(musts: str, left: str = "") -> Rounds:
    candidates = tuple(
        Candidate(
            bin_id=b, place=PLACE, stream="litter", litres=1.0, mass_kg=1.0, must=b.islower(), code="full"
        )
        for b in musts
    )
    return Rounds(
        version=1, day="2026-03-14", after=None, decision_id=None, fleet_id=1, at_s=0.0, by="cityops", role="service",
        via="automatic", reason="", plan=RoundPlan(
            day="2026-03-14", day_s=0, rounds=(LorryRound(lorry_id="lorry-1"),),
            not_collected=tuple(NotCollected(bin_id=b, must=True, code="no_room", why="no room") for b in left),
            costs=Costs(lorries_gbp=0.0, left_gbp=0.0), made_from=MadeFrom(candidates=candidates),
        ),
    )  # fmt: skip


def said(bin_id: str, code: int = 1) -> CrewAct:
    return CrewAct(60.0, "lorry-1", bin_id, code)


def written(act: CrewAct, role: str = "crew") -> Act:
    return Act(
        act_id=1, ref=f"bin:{act.bin_id}", what=SAID[act.code][0], at_s=act.time_s, by="x", role=role, via="crew page",
        request_id=request_of(act),
    )  # fmt: skip


def test_a_must_go_bin_is_visited_or_the_newest_plan_says_why_not() -> None:
    words = [said("a"), said("b", 2)]
    day = Collected(plan("abcdM", left="c"), plan("abcdeM", left="d"), [written(w) for w in words], words)
    assert day.visited == {"a", "b"}, "also where it could not be emptied"
    assert day.unsaid == {"c", "e"}
    assert day.forgotten == set()


def test_what_is_not_in_the_book_is_found_and_a_resident_s_word_is_no_visit() -> None:
    words = [said("a"), said("b")]
    day = Collected(plan("ab"), plan("ab"), [written(words[0], "resident")], words)
    assert day.visited == set()
    assert day.forgotten == {request_of(words[1])}
    assert request_of(words[0]) != request_of(later(words[0])), "a crew may come again"


def later(act: CrewAct) -> CrewAct:
    return CrewAct(act.time_s + 7200.0, act.lorry, act.bin_id, act.code)


@pytest.mark.parametrize("lorries", [("lorry-1",), ("lorry-1", "lorry-2", "lorry-3")])
def test_household_rounds_name_a_lorry_each(lorries: tuple[str, ...]) -> None:
    named = [r.lorries for r in rounds(lorries) if not r.round_id.startswith("garden")]
    assert len(named) == 10
    assert all(len(n) == 1 for n in named)
    assert {n[0] for n in named} == set(lorries)
    assert all(r.lorries == () for r in rounds())
    assert msgspec.json.encode(rounds())
