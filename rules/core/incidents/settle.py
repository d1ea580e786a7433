"""Which signals belong to which incident, and what that changes. Pure.

The rules of it, in this order:

1. A signal belongs to one incident at most, and to the same one for as long as that lives: what belonged together
   stays together though what was between them is over.
2. Signals that fall together (:mod:`rules.core.incidents.near`) make a group, with all signals of the incidents
   they belong to.
   A group is no wider than ``widest_m``, and where a person says that an incident in hand is, is one of them.
3. A group without an incident becomes a proposal where it is bad enough (:func:`why`). Below that nothing is written.
4. A group with proposals alone is the oldest of them, the one with the lowest number; the others merge into it.
5. A group with one incident that people have in hand is that one; proposals merge into it.
6. Incidents in hand never merge by themselves. Where a group has several, each signal that is in none of them goes to
   the one with the nearest signal (the older of two equally near), a proposal as a whole to the one that gets most of
   it, and each is told that it touches the others: people decide.

Nothing in it depends on the order in which signals came, but for what people did in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rules.core.alarm_spec import rank
from rules.core.incidents.bounded import labels_within
from rules.core.incidents.model import Incident, NewAct, Signal
from rules.core.incidents.near import Ints, Points, pairs
from rules.core.incidents.parameters import GroupingParameters
from rules.core.incidents.settled import Settled, absorbed
from rules.core.incidents.sphere import Floats, xyz_m
from rules.core.incidents.summary import summary, what_of

MAJOR, CRITICAL = rank("major"), rank("critical")
SAID = ("title", "place", "severity", "services", "signals", "up")
"""What a change of is worth a line in the log."""


@dataclass(slots=True)
class _Work:
    """A look under way: where signals are to be, and what is said of incidents."""

    live: dict[int, Incident]
    at_s: float
    next_id: int
    home: dict[str, int]
    acts: list[NewAct] = field(default_factory=list)

    def act(self, incident_id: int, what: str, text: str = "", **detail: object) -> None:
        self.acts.append(
            NewAct(incident_id=incident_id, what=what, at_s=self.at_s, text=text, detail=detail)  # type: ignore[arg-type]
        )


def settle(
    incidents: Sequence[Incident],
    belongs: Mapping[str, int],
    signals: Sequence[Signal],
    p: GroupingParameters,
    now_s: float,
    next_id: int,
) -> Settled:
    """Return what a look at all signals changes.

    Args:
        incidents: those that live.
        belongs: of signals that belong to an incident, its number; of closed ones too.
        signals: all that are up or began within the longest window, and all of incidents that live.
        p: the rule's figures.
        now_s: the town's time [s].
        next_id: number of the next incident that is made.
    """
    live = {i.incident_id: i for i in incidents if i.is_live}
    taken = {k: n for k, n in belongs.items() if n not in live}
    mine = sorted((s for s in signals if s.key not in taken), key=lambda s: s.key)
    pins = {pin.key: i.incident_id for i in live.values() for pin in _pin(i, p)}
    work = _Work(live, now_s, next_id, pins | {s.key: belongs[s.key] for s in mine if s.key in belongs})
    touches: dict[int, set[int]] = {n: set() for n in live}
    pinned = [pin for i in live.values() for pin in _pin(i, p)]
    for group in groups([*mine, *pinned], work.home, live, p):
        _place(work, group, p, touches)
    _tell(work, mine, touches, p, belongs)
    moved = {k: n for k, n in work.home.items() if belongs.get(k) != n and k not in pins}
    return Settled(tuple(work.acts), moved)


def _pin(incident: Incident, p: GroupingParameters) -> tuple[Signal, ...]:
    """Return the place that a person gave an incident in hand, as if it were a signal of it; none of others."""
    if incident.pin is None or not incident.in_hand:
        return ()
    pin = Signal(
        key=f"pin:{incident.incident_id}", service="", rule_id="", kind="", subject="", severity=p.placed_as, title="",
        at_s=incident.made_at_s, latitude_deg=incident.pin[0], longitude_deg=incident.pin[1],
    )  # fmt: skip
    return (pin,)


def groups(
    signals: Sequence[Signal], home: Mapping[str, int], live: Mapping[int, Incident], p: GroupingParameters
) -> list[list[Signal]]:
    """Return the signals by group, in the order of each one's first key."""
    if not signals:
        return []
    points = points_of(signals, home, live, p)
    near, ties = pairs(points), _ties(signals, home)
    found = labels_within(points.latitude_deg, points.longitude_deg, near, ties, p.widest_m)
    by_label: dict[int, list[Signal]] = {}
    for signal, label in zip(signals, found.tolist(), strict=True):
        by_label.setdefault(label, []).append(signal)
    return list(by_label.values())


def points_of(
    signals: Sequence[Signal], home: Mapping[str, int], live: Mapping[int, Incident], p: GroupingParameters
) -> Points:
    """Return signals as arrays."""

    def holds(s: Signal) -> bool:
        incident = live.get(home.get(s.key, 0))
        return s.ended_s is None and incident is not None and incident.in_hand

    return Points(
        latitude_deg=_degrees([s.latitude_deg for s in signals]),
        longitude_deg=_degrees([s.longitude_deg for s in signals]),
        at_s=np.array([s.at_s for s in signals], dtype=np.float64),
        radius_m=np.array([p.radius_m.of(s.severity) for s in signals], dtype=np.float64),
        window_s=np.array([60.0 * p.window_min.of(s.severity) for s in signals], dtype=np.float64),
        binds=np.array([s.binds for s in signals], dtype=np.bool_),
        holds=np.array([holds(s) for s in signals], dtype=np.bool_),
    )


def _ties(signals: Sequence[Signal], home: Mapping[str, int]) -> Ints:
    """Return edges between signals of one incident."""
    first: dict[int, int] = {}
    found = [
        (first.setdefault(home[s.key], i), i) for i, s in enumerate(signals) if s.key in home
    ]  # fmt: skip
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def why(signals: Sequence[Signal], p: GroupingParameters) -> str:
    """Return in words why signals at one place are an incident; empty where they are none."""
    if p.critical_alone and any(rank(s.severity) >= CRITICAL for s in signals):
        return f"Critical by itself: {what_of([s for s in signals if rank(s.severity) >= CRITICAL])}."
    majors = [s for s in signals if rank(s.severity) >= MAJOR and s.binds]
    if len(majors) >= p.majors:
        return f"{len(majors)} major alarms fall together: {what_of(majors)}."
    services = speaking(signals, p)
    if len(services) >= p.services:
        named = ", ".join(services[:-1]) + f" and {services[-1]}"
        return f"{len(services)} services at one place within hours: {named}."
    return ""


def speaking(signals: Sequence[Signal], p: GroupingParameters) -> list[str]:
    """Return the services that have enough bad signals to count, by name."""
    bad = Counter(s.service for s in signals if rank(s.severity) >= rank(p.services_from))
    return sorted(name for name, n in bad.items() if n >= p.least_of(name))


def _place(work: _Work, group: Sequence[Signal], p: GroupingParameters, touches: dict[int, set[int]]) -> None:
    """Put each signal of a group into an incident, or into none."""
    there = sorted({work.home[s.key] for s in group if s.key in work.home})
    in_hand = [n for n in there if work.live[n].in_hand]
    if len(in_hand) > 1:
        _share_out(work, group, in_hand)
        for n in in_hand:
            touches[n].update(m for m in in_hand if m != n)
        return
    if not there:
        reason = why(group, p)
        if reason:
            _propose(work, group, reason)
        return
    winner = in_hand[0] if in_hand else there[0]
    for loser in there:
        if loser != winner:
            _absorb(work, winner, loser)
    for s in group:
        work.home[s.key] = winner


def _propose(work: _Work, group: Sequence[Signal], reason: str) -> None:
    number, work.next_id = work.next_id, work.next_id + 1
    for s in group:
        work.home[s.key] = number
    work.act(number, "proposed", reason, signals=[s.key for s in group], summary=summary(group))


def _absorb(work: _Work, winner: int, loser: int) -> None:
    work.act(loser, "merged", f"It is one with I{winner}.", into=winner)
    gone = work.live[loser]
    work.acts.append(absorbed(winner, gone, work.at_s, f"I{loser} is one with this: {gone.title}."))


def _share_out(work: _Work, group: Sequence[Signal], in_hand: Sequence[int]) -> None:
    """Give what is in no incident in hand to the nearest of those; a proposal goes where most of it went."""
    fixed = [s for s in group if work.home.get(s.key) in in_hand]
    others = [s for s in group if work.home.get(s.key) not in in_hand]
    went: dict[int, Counter[int]] = {}
    for s, to in zip(others, _nearest(others, fixed, work.home), strict=True):
        before = work.home.get(s.key)
        if before is None:
            work.home[s.key] = to
        else:
            went.setdefault(before, Counter())[to] += 1
    for loser, counts in sorted(went.items()):
        winner = min(counts, key=lambda n: (-counts[n], n))
        for s in group:
            if work.home.get(s.key) == loser:
                work.home[s.key] = winner
        _absorb(work, winner, loser)


def _nearest(signals: Sequence[Signal], fixed: Sequence[Signal], home: Mapping[str, int]) -> list[int]:
    """Return of each signal the incident with the nearest of those that stay, the older of two equally near."""
    oldest = min(home[s.key] for s in fixed)
    stay = sorted((s for s in fixed if s.latitude_deg is not None), key=lambda s: home[s.key])
    if not stay:
        return [oldest] * len(signals)
    there = _points(stay)
    found = []
    for s in signals:
        away_m = np.round(np.linalg.norm(there - _points([s]), axis=1), 3)
        found.append(oldest if s.latitude_deg is None else home[stay[int(np.argmin(away_m))].key])
    return found


def _points(signals: Sequence[Signal]) -> Floats:
    return xyz_m(_degrees([s.latitude_deg for s in signals]), _degrees([s.longitude_deg for s in signals]))


def _degrees(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _tell(
    work: _Work,
    signals: Sequence[Signal],
    touches: Mapping[int, set[int]],
    p: GroupingParameters,
    belongs: Mapping[str, int],
) -> None:
    """Say of each incident what is new in it, that it is over, that it touches others; let proposals lapse."""
    members: dict[int, list[Signal]] = {}
    for s in signals:
        if s.key in work.home:
            members.setdefault(work.home[s.key], []).append(s)
    gone = {a.incident_id for a in work.acts if a.what == "merged"}
    for number, incident in sorted(work.live.items()):
        if number in gone:
            continue
        mine = members.get(number, [])
        if mine:
            _changes(work, incident, mine, [s for s in mine if belongs.get(s.key) != number])
        if incident.in_hand and tuple(sorted(touches[number])) != incident.touches:
            _touch(work, incident, tuple(sorted(touches[number])))
        over_s = summary(mine)["over_at_s"] if mine else None
        if (
            incident.state == "proposed"
            and over_s is not None
            and work.at_s - over_s >= 3600.0 * p.lapse_h
            and not any(a.incident_id == number and a.what == "absorbed" for a in work.acts)
        ):
            work.act(number, "lapsed", "Nobody took it up, and everything in it is over.")


def _changes(work: _Work, incident: Incident, mine: Sequence[Signal], new: Sequence[Signal]) -> None:
    said = summary(mine, incident.pin)
    differ = [f for f in SAID if f not in incident.given and _plain(getattr(incident, f)) != said[f]]
    if not differ and not new:
        return
    if new:
        text = f"{'One' if len(new) == 1 else len(new)} more: {what_of(new)}."
        work.act(incident.incident_id, "changed", text, signals=[s.key for s in new], summary=said)
    elif said["up"] == 0 and incident.up > 0:
        work.act(incident.incident_id, "over", "Everything in it is over.", summary=said)
    else:
        ended = incident.up - int(said["up"])
        text = f"{ended} of it over, {said['up']} still up." if ended > 0 else f"Now: {what_of(mine)}."
        work.act(incident.incident_id, "changed", text, summary=said)


def _touch(work: _Work, incident: Incident, touches: tuple[int, ...]) -> None:
    named = " and ".join(f"I{n}" for n in touches)
    text = f"It touches {named}: merge them if it is one." if touches else "It touches no other any more."
    work.act(incident.incident_id, "touches", text, touches=list(touches))


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
