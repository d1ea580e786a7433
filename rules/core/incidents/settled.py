"""What follows of a look, and of two incidents that become one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from rules.core.incidents.model import Incident, NewAct


@dataclass(frozen=True, slots=True)
class Settled:
    """What follows of a look.

    Attributes:
        acts: to be written, in order; numbers of new incidents are in them.
        members: signals and the incidents that they belong to from now on; those that stay where they are are left out.
    """

    acts: tuple[NewAct, ...] = ()
    members: Mapping[str, int] = field(default_factory=dict)


def absorbed(winner: int, gone: Incident, at_s: float, text: str) -> NewAct:
    """Return the act by which an incident takes over what another had."""
    detail = {
        "from": gone.incident_id,
        "tasks": msgspec.to_builtins(gone.tasks),
        "links": msgspec.to_builtins(gone.links),
        "pin": gone.pin,
    }
    return NewAct(incident_id=winner, what="absorbed", at_s=at_s, text=text, detail=detail)
