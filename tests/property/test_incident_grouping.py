"""Incidents do not depend on the order in which signals came; no signal is in two; none is lost."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.catalogue.incidents import load_grouping
from rules.core.incidents.fold import after
from rules.core.incidents.model import Act, Incident, NewAct, Signal
from rules.core.incidents.near import labels, pairs
from rules.core.incidents.settle import groups, points_of, settle, why
from rules.core.incidents.settled import Settled
from tests.fakes.incidents import AT_S, signal

P = load_grouping().parameters
NOW_S = AT_S + 7200.0


class Town:
    """What a store keeps, in the fewest words."""

    def __init__(self) -> None:
        self.incidents: dict[int, Incident] = {}
        self.belongs: dict[str, int] = {}
        self.signals: dict[str, Signal] = {}
        self.acts = 0

    def see(self, *signals: Signal) -> Settled:
        self.signals |= {s.key: s for s in signals}
        found = settle(
            list(self.incidents.values()),
            self.belongs,
            list(self.signals.values()),
            P,
            NOW_S,
            len(self.incidents) + 1,
        )
        for new in found.acts:
            self.write(new)
        self.belongs.update(found.members)
        return found

    def write(self, new: NewAct) -> None:
        self.acts += 1
        act = Act(act_id=self.acts, **{f: getattr(new, f) for f in NewAct.__struct_fields__})
        self.incidents[act.incident_id] = after(self.incidents.get(act.incident_id), act)

    def do(self, what: Any, number: int, **detail: Any) -> None:
        self.write(NewAct(incident_id=number, what=what, at_s=NOW_S, by="Ada", via="page", detail=detail))

    def parts(self) -> set[frozenset[str]]:
        found: dict[int, set[str]] = {}
        for key, number in self.belongs.items():
            found.setdefault(number, set()).add(key)
        return {frozenset(keys) for keys in found.values()}


SIGNALS = st.lists(
    st.tuples(
        st.sampled_from(["bins", "roads", "devices", "reports"]),
        st.integers(0, 12),
        st.integers(0, 3),
        st.integers(0, 8),
        st.sampled_from(["info", "warning", "major", "critical"]),
        st.booleans(),
    ),
    max_size=24,
).map(
    lambda rows: [
        signal(
            i, service, east_m=70.0 * x, north_m=90.0 * y, min_=40.0 * t, severity=severity,
            ended_s=AT_S + 60.0 * 40.0 * t + 60.0 if over else None,
        )
        for i, (service, x, y, t, severity, over) in enumerate(rows, start=1)
    ]
)  # fmt: skip


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Signal], list[list[Signal]]]:
    """Signals, and the same in another order and in pieces."""
    found = draw(SIGNALS)
    order = draw(st.permutations(found))
    cuts = sorted(draw(st.lists(st.integers(0, len(found)), max_size=6)))
    edges = [0, *cuts, len(found)]
    return found, [list(order[a:b]) for a, b in itertools.pairwise(edges)]


@given(arrivals())
@settings(max_examples=150, deadline=None)
def test_the_order_of_arrival_does_not_matter(case: tuple[list[Signal], list[list[Signal]]]) -> None:
    found, pieces = case
    at_once, bit_by_bit = Town(), Town()
    at_once.see(*found)
    for piece in pieces:
        bit_by_bit.see(*piece)
    assert bit_by_bit.parts() == at_once.parts()


@given(arrivals())
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_and_nothing_is_in_two(case: tuple[list[Signal], list[list[Signal]]]) -> None:
    _, pieces = case
    town = Town()
    for piece in pieces:
        before = dict(town.belongs)
        town.see(*piece)
        assert before.keys() <= town.belongs.keys()
    for group in groups(sorted(town.signals.values(), key=lambda s: s.key), {}, {}, P):
        of = {town.belongs.get(s.key) for s in group}
        assert len(of) == 1
        assert (None in of) == (why(group, P) == "")
    for number, incident in town.incidents.items():
        mine = [k for k, n in town.belongs.items() if n == number]
        assert (incident.signals, incident.is_live) == (len(mine), bool(mine))


@given(arrivals(), st.data())
@settings(max_examples=150, deadline=None)
def test_people_keep_what_they_have_in_hand(
    case: tuple[list[Signal], list[list[Signal]]], data: st.DataObject
) -> None:
    _, pieces = case
    town = Town()
    for piece in pieces:
        held = {n for n, i in town.incidents.items() if i.in_hand}
        kept = {k: n for k, n in town.belongs.items() if n in held}
        town.see(*piece)
        assert all(town.incidents[n].in_hand for n in held)
        assert kept.items() <= town.belongs.items()
        for number in sorted(n for n, i in town.incidents.items() if i.state == "proposed"):
            if data.draw(st.booleans()):
                town.do("opened", number)
    town.see()
    assert len(set(town.belongs)) == len(town.belongs)
    assert {town.incidents[n].state for n in town.belongs.values()} <= {"proposed", "open"}
    assert town.see() == Settled(), "a look at the same again changes nothing"


FAR = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 6)), max_size=40).map(
    lambda rows: [signal(i, "bins", severity="major", east_m=120.0 * x, north_m=130.0 * y) for i, (x, y) in enumerate(rows, start=1)]
)  # fmt: skip


@given(FAR, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_no_group_of_a_long_chain_is_wider_than_an_incident_may_be(found: list[Signal], rng: Any) -> None:
    for group in groups(found, {}, {}, P):
        places = [(s.latitude_deg, s.longitude_deg) for s in group]
        lat, lon = np.array(places, dtype=np.float64).T
        north, east = np.ptp(lat) * 111_195.0, np.ptp(lon) * 111_195.0 * np.cos(np.radians(51.45))
        assert np.hypot(north, east) <= P.widest_m * 1.01
    assert sum(len(g) for g in groups(found, {}, {}, P)) == len(found)
    shuffled = rng.sample(found, len(found))
    seen_at_once = Town()
    seen_at_once.see(*shuffled)
    other = Town()
    other.see(*found)
    assert seen_at_once.parts() == other.parts(), "what is there at once falls together in one way"


@given(SIGNALS)
@settings(max_examples=100, deadline=None)
def test_pairs_are_those_of_the_definition(found: list[Signal]) -> None:
    points = points_of(found, {}, {}, P)
    fast = {(min(a, b), max(a, b)) for a, b in pairs(points).tolist()}
    slow = set()
    for i, a in enumerate(found):
        for j in range(i + 1, len(found)):
            b = found[j]
            assert a.latitude_deg is not None
            assert b.latitude_deg is not None
            assert a.longitude_deg is not None
            assert b.longitude_deg is not None
            north = (a.latitude_deg - b.latitude_deg) * 111_195.0
            east = (a.longitude_deg - b.longitude_deg) * 111_195.0 * np.cos(np.radians(51.45))
            near = np.hypot(north, east) <= max(P.radius_m.of(a.severity), P.radius_m.of(b.severity))
            then = abs(a.at_s - b.at_s) <= 60.0 * max(
                P.window_min.of(a.severity), P.window_min.of(b.severity)
            )
            if near and then and (a.binds or b.binds):
                slow.add((i, j))
    assert fast == slow


def test_labels_of_none() -> None:
    assert labels(0, np.zeros((0, 2), dtype=np.int64)).tolist() == []
    assert groups([], {}, {}, P) == []
