"""Who is next, when to halt, when a stage is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from ingest.fleet.core.reach import NOBODY, why_nobody, why_silence
from ingest.fleet.core.rollout import (
    ENDED,
    Course,
    Decision,
    Limits,
    Member,
    Stage,
    decide,
    in_order,
    why_halt,
    wilson_lower,
)
from ingest.fleet.core.stages import parse_share, parse_stages, words

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def course(stage: int = 0, stages: str = "2,50%,100%", **limits: object) -> Course:
    return Course(
        rollout_id=7,
        stages=parse_stages(stages, 60.0),
        limits=Limits(**limits),  # type: ignore[arg-type]
        stage=stage,
        stage_at=NOW - timedelta(hours=1),
    )


def member(device: str, state: str = "confirmed", ago_s: float = 600.0, attempt: int = 1) -> Member:
    at = NOW - timedelta(seconds=ago_s)
    return Member(device=device, state=state, stage=0, attempt=attempt, offered_at=at, changed_at=at)  # type: ignore[arg-type]


def members(*of: Member) -> dict[str, Member]:
    return {m.device: m for m in of}


NAMES = [f"d{n}" for n in range(10)]
ORDER = in_order(7, NAMES)


@pytest.mark.parametrize(("failures", "of"), [(0, 10), (2, 20), (5, 50), (10, 100), (2, 2), (3, 3), (1, 200)])
def test_wilsons_lower_end(failures: int, of: int) -> None:
    # Two-sided 90 %: its lower end is the one-sided one of 95 %.
    known = binomtest(failures, of).proportion_ci(0.90, method="wilson").low
    assert wilson_lower(failures, of) == pytest.approx(known, abs=1e-9)


def test_of_nothing_nothing_is_known() -> None:
    assert wilson_lower(0, 0) == 0.0


def test_one_failure_never_halts_and_two_of_three_do() -> None:
    assert why_halt(course(), [member("a", "failed")]) == ""
    said = why_halt(course(), [member("a", "failed"), member("b", "failed"), member("c")])
    assert said.startswith("2 of 3 devices failed: with 95 % certainty more than")
    assert said.endswith("and 5.0% is the limit")


def test_what_a_person_forgave_no_longer_counts() -> None:
    failed = [member("a", "failed", 600), member("b", "failed", 600)]
    forgiven = Course(
        **{**{f: getattr(course(), f) for f in Course.__dataclass_fields__}, "forgiven_at": NOW}
    )
    assert why_halt(course(), failed) != ""
    assert why_halt(forgiven, failed) == ""


def test_the_first_stage_is_offered_and_waited_for() -> None:
    decision = decide(course(), NAMES, {}, NOW)
    assert [o.device for o in decision.offers] == ORDER[:2]
    at_it = members(*(member(d, "fetching", 60) for d in ORDER[:2]))
    assert decide(course(), NAMES, at_it, NOW) == Decision()


def test_it_soaks_from_the_device_that_made_the_quorum() -> None:
    for ago_s, stage in ((59, None), (61, 1)):
        proven = members(*(member(d, "confirmed", ago_s) for d in ORDER[:2]))
        assert decide(course(), NAMES, proven, NOW).stage == stage


def test_a_device_offline_for_days_does_not_hold_up_a_stage_but_one_at_work_does() -> None:
    for state, ago_s, stage in (("offered", 90_000, 1), ("offered", 80_000, None), ("fetching", 90_000, 1)):
        of = members(member(ORDER[0]), member(ORDER[1], state, ago_s))
        assert decide(course(), NAMES, of, NOW).stage == stage


def test_a_stage_in_which_too_few_prove_themselves_halts() -> None:
    of = members(member(ORDER[0], "failed", attempt=2), member(ORDER[1], "offered", 90_000))
    assert decide(course(), NAMES, of, NOW) == Decision()  # the other one may come back
    of = members(member(ORDER[0], "failed", attempt=2), member(ORDER[1], "failed", attempt=2))
    assert (
        decide(course(halt_least=9), NAMES, of, NOW).halt
        == "of the 2 devices of stage 1 only 0 proved themselves"
    )


def test_it_ends_when_all_ended_or_after_a_month() -> None:
    done = members(*(member(d) for d in NAMES))
    assert decide(course(2), NAMES, done, NOW).finished
    missing = done | members(member(ORDER[9], "offered", 90_000))
    assert not decide(course(2), NAMES, missing, NOW).finished
    assert decide(course(2), NAMES, missing, NOW + timedelta(days=31)).finished


def test_no_more_at_once_than_may() -> None:
    busy = members(member(ORDER[0], "fetching", 60), member(ORDER[1], "offered", 90_000))
    decision = decide(course(2, abreast=3), NAMES, busy, NOW)
    assert [o.device for o in decision.offers] == ORDER[2:4]  # who is away takes no place


def test_failed_is_offered_again_after_a_while_and_not_for_ever() -> None:
    for ago_s, attempt, offers in ((100, 1, 0), (30_000, 1, 1), (30_000, 2, 0)):
        of = members(member(ORDER[0], "failed", ago_s, attempt), member(ORDER[1]))
        found = decide(course(), NAMES, of, NOW).offers
        assert [(o.device, o.attempt) for o in found] == [(ORDER[0], 2)][:offers]


@settings(max_examples=60, deadline=None)
@given(
    states=st.lists(st.sampled_from(["confirmed", "failed", "offered", "fetching", "trying"]), max_size=12),
    stage=st.integers(0, 2),
    pinned=st.sets(st.integers(0, 11)),
)
def test_never_an_offer_beyond_the_stage_nor_to_who_is_pinned_or_at_it(
    states: list[str], stage: int, pinned: set[int]
) -> None:
    names = [f"d{n}" for n in range(12)]
    there = [name for n, name in enumerate(names) if n not in pinned]
    of = members(*(member(name, state) for name, state in zip(in_order(7, there), states, strict=False)))
    decision = decide(course(stage), there, of, NOW)
    target = Stage(share=1.0).target(len(there)) if stage == 2 else course().stages[stage].target(len(there))
    batch = set(in_order(7, there)[:target]) if there else set()
    for offering in decision.offers:
        assert offering.device in batch
        known = of.get(offering.device)
        assert known is None or known.state == "failed"
    assert not (decision.halt and decision.offers)
    assert decision.stage is None or decision.stage == stage + 1
    if decision.finished:
        assert all(m.state in ENDED for m in of.values())


def test_an_order_is_drawn_anew_for_each_roll_out_and_a_stage_holds_the_one_before() -> None:
    assert in_order(7, NAMES) == in_order(7, reversed(NAMES))
    assert in_order(7, NAMES) != in_order(8, NAMES)
    assert set(ORDER[:2]) <= set(in_order(7, [*NAMES, "new"])[:3])


def test_stages_as_people_write_them() -> None:
    assert parse_stages("1%,10%:24h,100%", 5.0) == (
        Stage(share=0.01, soak_s=5.0), Stage(share=0.1, soak_s=86_400.0), Stage(share=1.0, soak_s=5.0),
    )  # fmt: skip
    assert [words(s) for s in parse_stages("5,12.5%,100%")] == ["5 devices", "12.5 %", "100 %"]
    assert Stage(share=0.01).target(200) == 2
    assert Stage(share=0.01).target(7) == 1
    assert Stage(count=5).target(3) == 3
    assert parse_share("5%") == 0.05


@pytest.mark.parametrize(
    "text", ["", "10%", "10%,5%,100%", "0%,100%", "101%", "x", "5.5,100%", "1%,1%,100%", "0,100%"]
)
def test_stages_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="stage"):
        parse_stages(text)


@pytest.mark.parametrize("text", ["5", "0%", "101%", "-1%", ""])
def test_shares_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="a share like 5%"):
        parse_share(text)


def test_nobody_to_offer_it_to_halts_at_any_stage() -> None:
    for stage in range(3):
        assert decide(course(stage), [], {}, NOW) == Decision(halt=NOBODY)


def test_what_was_offered_and_runs_nowhere_when_it_ends_halts() -> None:
    silent = members(*(member(d, "offered", 90_000) for d in NAMES))
    assert decide(course(2), NAMES, silent, NOW) == Decision()
    after = decide(course(2), NAMES, silent, NOW + timedelta(days=31))
    assert (
        after.halt
        == f"none of the {len(NAMES)} devices that were offered it runs it: {len(NAMES)} never answered"
    )


@pytest.mark.parametrize(
    ("reach", "says"),
    [
        ({}, "nobody was offered this update: there is no such device"),
        ({"no_launcher": 1, "off_line": 0}, "nobody was offered this update: of 1 device 1 has never said that"),
        (
            {"no_launcher": 9, "pinned": 2, "has_it": 1, "other_kind": 3, "unfit": 1, "kept_out": 1, "busy": 2},
            "nobody was offered this update: of 19 devices 9 have never said that they take updates",
        ),
        ({"free": 1, "no_launcher": 9}, ""),
        ({"offered": 1, "no_launcher": 9}, ""),
    ],
)  # fmt: skip
def test_why_nobody_is_said_with_counts(reach: dict[str, int], says: str) -> None:
    said = why_nobody(reach)
    assert said.startswith(says) if says else said == ""
    assert all(f" {n} " in said for why, n in reach.items() if says and why != "off_line")


def test_devices_that_are_all_off_line_are_said_to_be() -> None:
    said = why_silence({"offered": 5, "off_line": 5}, 5)
    assert said == "5 devices were offered it and none has answered; 5 of those it is for are not connected"
    assert why_silence({"offered": 1, "off_line": 0}, 1) == "1 device was offered it and none has answered"
