"""Group alarms: their members are always the subjects that are up, whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from rules.core.alarm_spec import rank
from rules.core.effects import ChangeSeverity, ClearAlarm, Effect, MemberJoined, MemberLeft, RaiseAlarm
from rules.core.engine import step
from rules.core.grouping import GroupRule, Joining, Tellers, Up, settle
from rules.core.memory import EngineState, changed_rows
from rules.core.reconcile import reconcile
from rules.core.work import Work
from rules.memory_store import MemoryRuleStore
from rules.ports import Change, Resumed
from tests.fakes.examples import examples
from tests.fakes.rules_town import START, batch, context, hamlet, latest, random_evening

CONTEXT = context()
GROUPED = {"winter.ice", "winter.hoar_frost", "device.silent"}
Groups = dict[tuple[str, str, str], dict[str, str]]
"""Members of the group alarms that are up, with their severities."""


def follow(groups: Groups, effects: Iterable[Effect]) -> None:
    """Do what the effects say, as a reader would; each must make sense where it comes."""
    for e in effects:
        if isinstance(e, RaiseAlarm) and e.is_group:
            key = (e.rule_id, e.subject_kind, e.subject)
            assert key not in groups
            groups[key] = {m.subject: m.severity for m in e.members}
            assert e.severity == highest(groups[key])
        elif isinstance(e, MemberJoined):
            groups[e.rule_id, e.subject_kind, e.subject][e.member.subject] = e.member.severity
        elif isinstance(e, MemberLeft):
            del groups[e.rule_id, e.subject_kind, e.subject][e.member]
        elif isinstance(e, ChangeSeverity) and e.rule_id in GROUPED:
            assert e.severity == highest(groups[e.rule_id, e.subject_kind, e.subject])
        elif isinstance(e, ClearAlarm) and e.rule_id in GROUPED:
            del groups[e.rule_id, e.subject_kind, e.subject]


def highest(members: Mapping[str, str]) -> str:
    return max(members.values(), key=rank)


def up(state: EngineState) -> set[tuple[str, str]]:
    """Who is up by their own condition."""
    roads = {("winter.ice", s) for s, m in state.segment.items() if m.ice.is_active}
    roads |= {("winter.hoar_frost", s) for s, m in state.segment.items() if m.hoar.is_active}
    return roads | {("device.silent", d) for d, m in state.seen.items() if m.silent.is_active}


@given(st.integers(0, 10**6), st.integers(1, 12))
@examples(5)
def test_members_are_the_subjects_that_are_up(seed: int, parts: int) -> None:
    readings = random_evening(random.Random(seed), 7.0)
    state, groups = EngineState(), Groups()
    size = max(1, len(readings) // parts)
    for begin in range(0, len(readings), size):
        chunk = readings[begin : begin + size]
        now = latest(readings[: begin + size])
        state, effects = step(state, batch(chunk), now, CONTEXT)
        follow(groups, effects)
        assert all(groups.values())  # a group without members is no alarm
        assert {(rule, s) for (rule, _, _), members in groups.items() for s in members} == up(state)
        kept = {(g.rule_id, g.kind, g.subject): set(g.members) for g in state.group.values() if g.members}
        assert kept == {key: set(members) for key, members in groups.items()}


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([f"s{i}" for i in range(6)]),
            st.tuples(st.sampled_from(["r1", "r2"]), st.sampled_from(["warning", "major"]), st.booleans()),
        ),
        max_size=12,
    )
)
def test_any_coming_and_going_is_told_in_full(ticks: list[dict[str, tuple[str, str, bool]]]) -> None:
    """Members may even change their group: a route may be cut anew."""
    of = GroupRule(CONTEXT.catalogue.ice, "segment", lambda p, m: f"{p[1]}: {len(m)}", lambda p, m: "ice")
    state, groups = EngineState(), Groups()
    for number, wanted in enumerate(ticks):
        at_s = 300.0 * number
        work = Work(state)
        ups = {s: Up(("route", route), severity, flaps) for s, (route, severity, flaps) in wanted.items()}
        tell = Tellers(lambda s, at_s=at_s: Joining(at_s, at_s, 0.0, s, {}), lambda s: f"{s} is over")  # type: ignore[misc]
        settle(work, of, ups, at_s, tell)
        state, effects = work.finish(at_s, at_s, {})
        follow(groups, effects)
        found = {s: (key[2], severity) for key, members in groups.items() for s, severity in members.items()}
        assert found == {s: (route, severity) for s, (route, severity, _) in wanted.items()}
        flapping = {
            k.split()[-1]: any(m.flapping for m in g.members.values()) for k, g in state.group.items()
        }
        assert {r for r, f in flapping.items() if f} == {r for r, _, f in wanted.values() if f}


def test_two_hundred_at_once_are_one_effect() -> None:
    of = GroupRule(
        CONTEXT.catalogue.silent, "device", lambda p, m: f"{len(m)} are silent", lambda p, m: "why"
    )
    work = Work(EngineState())
    ups = {f"bin-{i}": Up(("kind", "bin"), "warning", False) for i in range(200)}
    tell = Tellers(lambda s: Joining(START, START - 60.0, 0.0, s, {"n": 1}), lambda s: "again")
    settle(work, of, ups, START, tell)
    (storm,) = work.effects
    assert isinstance(storm, RaiseAlarm)
    assert (len(storm.members), storm.title, storm.is_group) == (200, "200 are silent", True)
    assert storm.held_since_s == START - 60.0
    settle(work, of, {}, START + 60.0, tell)
    assert [type(e) for e in work.effects[1:]] == [ClearAlarm]


@given(st.integers(0, 10**6))
@examples(4)
def test_memory_without_its_alarms_raises_them_and_nothing_else(seed: int) -> None:
    state, effects = step(
        EngineState(), batch(r := random_evening(random.Random(seed), 9.0)), latest(r), CONTEXT
    )
    groups = Groups()
    follow(groups, effects)
    raised = [e for e in reconcile(state, (), CONTEXT) if isinstance(e, RaiseAlarm)]
    assert {(e.rule_id, e.subject_kind, e.subject) for e in raised if e.is_group} == set(groups)
    singles = {e.subject for e in raised if not e.is_group}
    assert singles == {b for b, m in state.bin.items() if m.full.is_active or m.fire.is_active} | {
        h for h, m in state.home.items() if m.damp.is_active
    }
    assert all(e.reason and e.title and e.inputs for e in raised)
    assert reconcile(state, asyncio.run(kept(state, effects)).open_alarms, CONTEXT) == []


async def kept(state: EngineState, effects: tuple[Effect, ...]) -> Resumed:
    """What a store resumes with after a step was committed."""
    store = MemoryRuleStore(hamlet())
    rows = tuple(changed_rows(EngineState(), state))
    await store.commit(Change(0, 1, state.seen_s, state.settled_s, rows, effects))
    return await store.resume()
