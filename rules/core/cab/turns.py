"""Turns in words: what a driver does where one street ends and the next begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rules.core.fleet.settings import FleetSettings
from rules.core.network import attach
from rules.core.network.network import Network

UNNAMED = "an unnamed road"
SHARP_DEG = 120.0
FORK_DEG = 45.0
"""Roads that go on at less than this angle are the arms of a fork [°]."""
CLEARER_DEG = 15.0
"""One arm of a fork is plainly straight on where the others turn by so much more [°]."""
GO_ON = "Go on along "
NEXT_JUNCTION = "the next junction"

Side = Literal["left", "right", "in the middle"]


def street_of(network: Network, arc: int) -> str:
    """Return a street's name, or its number, or that it has none."""
    segment = network.segments[network.arcs[arc].segment]
    name = segment.street or segment.ref
    return UNNAMED if name in ("", attach.UNNAMED) else name


def is_roundabout(network: Network, arc: int) -> bool:
    """Whether an arc is part of a roundabout."""
    return network.segments[network.arcs[arc].segment].carriageway == "roundabout"


def fork_side(network: Network, last: int, arc: int) -> Side | None:
    """Return on which side to keep where the road forks; None where it does not, or one way is plainly straight on.

    It forks where another road goes on at a small angle, too, and is not ``CLEARER_DEG`` less straight than ``arc``.
    """
    own = network.turn_deg(last, arc)
    if abs(own) > FORK_DEG:
        return None
    others = [
        deg
        for b in network.arcs_from[network.arcs[last].head]
        if b != arc
        and not network.turns_round(last, b)
        and abs(deg := network.turn_deg(last, b)) <= min(FORK_DEG, abs(own) + CLEARER_DEG)
    ]
    if not others:
        return None
    if own < min(others):
        return "left"
    return "right" if own > max(others) else "in the middle"


def turn_words(
    network: Network, last: int | None, arc: int, settings: FleetSettings, forks: bool = True, at: str = ""
) -> str:
    """Return what is done to get from an arc into the next: ``Turn left into Mill Road``.

    Args:
        network: the roads.
        last: arc before; None at the start.
        arc: next one.
        settings: up to which angle it is no turn, and above which one turns back.
        forks: whether other roads meet there: a bend is no turn.
        at: what is there, as ``crossing`` says, for who turns round.
    """
    street = street_of(network, arc)
    if last is None:
        return f"Start along {street}"
    if network.turns_round(last, arc):
        return _round_words(network, last, arc, at)
    deg = network.turn_deg(last, arc)
    same = street == street_of(network, last)
    if not forks:
        return f"{GO_ON}{street}" if same else f"Follow the road into {street}"
    if (keep := fork_side(network, last, arc)) is not None:
        return f"Keep {keep}{_still(street)}" if same else f"Keep {keep} into {street}"
    if abs(deg) <= settings.straight_deg:
        return f"{GO_ON}{street}" if same else f"Go straight on into {street}"
    side = "right" if deg > 0.0 else "left"
    if abs(deg) > settings.round_deg:
        return (
            f"Make a U-turn to the {side}{_still(street)}"
            if same
            else f"Make a U-turn to the {side} into {street}"
        )
    how = f"Turn sharp {side}" if abs(deg) > SHARP_DEG else f"Turn {side}"
    return f"{how}{_still(street)}" if same else f"{how} into {street}"


def _still(street: str) -> str:
    return "" if street == UNNAMED else f", still {street}"


def _round_words(network: Network, last: int, arc: int, at: str) -> str:
    street = street_of(network, arc)
    if network.reverse[last] != arc:
        return f"Make a U-turn round the central reserve, back along {street}"
    place = "the junction" if at == NEXT_JUNCTION else at
    return f"Turn round at {place}, back along {street}" if place else f"Turn round in {street}"


def towards(words: str, name: str) -> str:
    """Return a turn's words with the street that it leads towards, where that is known; who goes on needs none."""
    return words if not name or words.startswith(GO_ON) else f"{words}, towards {name}"


def exit_number(network: Network, round_arcs: tuple[int, ...], out: int) -> int:
    """Return which exit of a roundabout ``out`` is, counted from where it is entered."""
    count = 1
    for arc in round_arcs[:-1]:
        here = network.arcs[arc].head
        ways = {network.arcs[a].segment for a in network.arcs_from[here] if not is_roundabout(network, a)}
        count += bool(ways)
    return count


ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def roundabout_words(network: Network, round_arcs: tuple[int, ...], out: int) -> str:
    """Return ``At the roundabout take the second exit into Mill Road``."""
    n = exit_number(network, round_arcs, out)
    which = f"the {ORDINALS[n]} exit" if n < len(ORDINALS) else f"exit {n}"
    return f"At the roundabout take {which} into {street_of(network, out)}"


def crossing(network: Network, meeting: Sequence[int], but: str) -> str:
    """Return what is at a node beside a street: a street that meets it there, else that the road ends.

    Args:
        network: the roads.
        meeting: segments at the node, by index.
        but: the street.
    """
    names = [
        name for s in meeting if (name := street_of(network, network.arcs_of[s][0])) not in (but, UNNAMED)
    ]
    if names:
        return names[0]
    return "the end of the road" if len(meeting) == 1 else NEXT_JUNCTION
