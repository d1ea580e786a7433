"""Turns in words: what a driver does where one street ends and the next begins."""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.fleet.settings import FleetSettings
from rules.core.network.network import Network

UNNAMED = "an unnamed road"
SHARP_DEG = 120.0


def street_of(network: Network, arc: int) -> str:
    """Return a street's name, or its number, or that it has none."""
    segment = network.segments[network.arcs[arc].segment]
    return segment.street or segment.ref or UNNAMED


def is_roundabout(network: Network, arc: int) -> bool:
    """Whether an arc is part of a roundabout."""
    return network.segments[network.arcs[arc].segment].carriageway == "roundabout"


def turn_words(
    network: Network, last: int | None, arc: int, settings: FleetSettings, forks: bool = True
) -> str:
    """Return what is done to get from an arc into the next: ``Turn left into Mill Road``.

    Args:
        network: the roads.
        last: arc before; None at the start.
        arc: next one.
        settings: up to which angle it is no turn.
        forks: whether other roads meet there: a bend is no turn.
    """
    street = street_of(network, arc)
    if last is None:
        return f"Start along {street}"
    if network.turns_round(last, arc):
        return f"Turn round in {street}"
    deg = network.turn_deg(last, arc)
    same = street == street_of(network, last)
    if not forks:
        return f"Go on along {street}" if same else f"Follow the road into {street}"
    if abs(deg) <= settings.straight_deg:
        return f"Go on along {street}" if same else f"Go straight on into {street}"
    side = "right" if deg > 0.0 else "left"
    how = f"Turn sharp {side}" if abs(deg) > SHARP_DEG else f"Turn {side}"
    return f"{how}, still {street}" if same else f"{how} into {street}"


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
    return "the end of the road" if len(meeting) == 1 else "the next junction"
