"""After a breakdown everything asked is treated exactly once by somebody; salt and hours hold, or are named."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.cab.codec import OnRoads, wanted_of
from rules.core.cab.going_on import Rest, rest_of
from rules.core.cab.making import Wish, make
from rules.core.cab.model import Contents
from rules.core.fleet.planner import Builder
from rules.core.fleet.verify import Check
from tests.fakes.cab_night import SETTINGS, drive, every_pass, night, plan_of, progress_of

FEW = settings(max_examples=8, deadline=None)


def holds(on: OnRoads) -> None:
    """The independent check agrees with what is kept, and everything missed is named."""
    if not on.contents.fleet:
        assert set(on.contents.left_out) == set(on.jobs) - {d.job for d in on.contents.done}
        return
    check = Check(on.network, wanted_of(on.contents.asked), on.fleet, on.settings, on.before)
    verdict = check.verdict(on.plan)
    assert verdict.wrong == ()
    assert verdict.missed == on.contents.missed


@FEW
@given(
    seed=st.integers(0, 400),
    at_s=st.floats(0.0, 4500.0),
    behind_s=st.sampled_from([0.0, 0.0, 400.0]),
    silent=st.sampled_from([None, "L0", "L1"]),
    again=st.booleans(),
    allow_s=st.sampled_from([0.0, 45.0, 600.0]),
    later_s=st.one_of(st.floats(0.0, 60.0), st.just(300.0)),
)
def test_everything_is_treated_once_by_somebody(
    seed: int, at_s: float, behind_s: float, silent: str | None, again: bool, allow_s: float, later_s: float
) -> None:
    network, plan, on = night(seed)
    out = {"L1": "gearbox"}
    for step in range(2 if again else 1):
        reports = {v: drive(on, v, at_s, behind_s=behind_s, seed=seed) for v in on.trips if v != silent}
        progress = progress_of(on, reports, at_s)
        rest = rest_of(on, plan, progress, at_s, out, allow_s)
        contents = _planned(on, rest, out)
        # What a lorry was only going to do does not count once it has failed.
        assert not {d.job for d in contents.done if d.until_s is not None and d.lorry in out}
        counts = Counter(every_pass(contents))
        assert set(counts) == set(on.jobs)
        assert max(counts.values()) == 1
        new = OnRoads(network, contents)
        holds(new)
        # Nobody is anywhere but where he was, with more salt than he had, or on the way before now.
        for start in contents.fleet:
            p = progress[start.lorry]
            assert (
                start.on_board_kg <= max(p.salt_kg, start.capacity_kg if p.phase == "loads" else 0.0) + 1e-6
                or p.phase == "waits"
            )
        assert all(s.begins_s >= at_s - 1e-6 for t in contents.trips for s in t.steps)
        if silent != "L1" and step == 0:
            truly = {
                s.job for s in on.trips["L1"].steps if getattr(s, "job", None) and s.ends_s <= at_s - behind_s
            }
            told = {d.job for d in contents.done if d.lorry == "L1"}
            assert told <= truly | {
                getattr(s, "job", None) for s in on.trips["L1"].steps if s.ends_s <= at_s - behind_s + 30.0
            }
        plan, on, out, at_s = (
            plan_of(contents, 2 + step, "breakdown"),
            new,
            {**out, "L0": "battery"},
            at_s + later_s,
        )


def _planned(on: OnRoads, rest: Rest, out: dict[str, str]) -> Contents:
    c = on.contents
    return make(
        Wish(
            network=on.network, start_s=c.start_s, asked=c.asked, starts=rest.starts, barns=c.barns, settings=SETTINGS,
            standing=rest.standing, done=rest.done, out=out, fixed=rest.fixed,
        ),
        Builder(),
    )  # fmt: skip


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 400))
def test_the_same_wish_gives_the_same_plan(seed: int) -> None:
    _, plan, on = night(seed, lorries=2)
    _, again, _ = night(seed, lorries=2)
    assert plan == again
    holds(on)
