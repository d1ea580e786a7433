"""Who asks for a plan, and what is said to whom: requests, refusals, notes."""

from __future__ import annotations

from dataclasses import dataclass

from rules.core.cab.model import KIND_WORDS, Plan, Service
from rules.core.cab.roads import changed_words
from rules.core.cab.tonight import Tonight
from rules.core.network.network import Network


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks, in which role, over which way, why; with a known ``request_id`` nothing is done again."""

    by: str
    role: str
    via: str
    reason: str = ""
    request_id: str | None = None


def nothing_words(asked: Tonight) -> str:
    """Return why there is nothing to plan."""
    said = ["No order stands that lorries could drive now."]
    if asked.waiting:
        said.append(
            f"{', '.join(asked.waiting)} still {'wait' if len(asked.waiting) > 1 else 'waits'} for an answer."
        )
    if asked.later:
        said.append(f"{', '.join(asked.later)} {'are' if len(asked.later) > 1 else 'is'} for later.")
    if asked.treated:
        said.append("What was ordered is treated.")
    return " ".join(said)


def changed_roads_words(old: Plan, network: Network) -> str:
    """Return that the roads are others than a plan's, and in which streets."""
    which = changed_words(old.contents.stretches, network)
    return f"the roads have changed since plan {old.version} was made{f' ({which})' if which else ''}"


def new_roads_words(old: Plan, network: Network) -> str:
    """Return what a plan says that could not go on from the one before."""
    said = changed_roads_words(old, network)
    return (
        f"{said[0].upper()}{said[1:]}: the night is planned anew, with every lorry full at its depot. "
        "What gritters have spread since an order counts."
    )


def asked_words(kind: str, lorry: str | None) -> str:
    """Return what a request has asked for."""
    return f"{KIND_WORDS[kind]}{'' if lorry is None else f' ({lorry})'}"


def service_of(lorry: str, broken: bool, who: Who, now_s: float) -> Service:
    """Return what is kept of a breakdown or a return."""
    return Service(
        lorry=lorry, what="broken" if broken else "returned", at_s=now_s, by=who.by, role=who.role, via=who.via,
        reason=who.reason, request_id=who.request_id,
    )  # fmt: skip
