"""What the operations centre's tools are given: closures, the what-if, the emergency way, notes, and the door of who may act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops_api.housing.team_door import TeamDoor
from rules.closing.ports import ClosureBook, WhatIfBook
from rules.core.closing.model import Closure
from rules.core.network.network import Network
from rules.emergency.service import WayDesk
from rules.what_if.service import WhatIfDesk

SHOWN_MOST = 30


@dataclass(frozen=True, slots=True)
class OpsTools:
    """The tools; ``door`` lets people act: without one pages only show."""

    closures: ClosureBook
    notes: WhatIfBook
    ways: WayDesk
    what_if: WhatIfDesk
    door: TeamDoor | None = None


def of_street(network: Network, name: str) -> list[str]:
    """Return the stretches of a street, or of a road's number; case does not matter."""
    wanted = name.strip().casefold()
    return [
        s.segment_id for s in network.segments if wanted and wanted in (s.street.casefold(), s.ref.casefold())
    ]


def streets_like(network: Network, text: str) -> list[str]:
    """Return names of streets with a text in them, by name."""
    wanted = text.strip().casefold()
    names = {s.street for s in network.segments if s.street and wanted in s.street.casefold()}
    return sorted(names)[:SHOWN_MOST]


def closure_document(closure: Closure, network: Network, now_s: float) -> dict[str, object]:
    """Return a closure as it is sent: without who said it."""
    index = network.graph.segment_index
    streets = dict.fromkeys(network.segments[index[s]].street or s for s in closure.segments if s in index)
    return {
        "closure_id": closure.closure_id, "segments": list(closure.segments), "streets": list(streets),
        "from_s": closure.from_s, "until_s": closure.until_s, "reason": closure.reason,
        "closed_now": [s for s in closure.segments if closure.closes(s, now_s, now_s)],
    }  # fmt: skip


def closed_segments(closures: Sequence[Closure], now_s: float) -> dict[str, Closure]:
    """Return which stretches are closed at a moment, and by which closure."""
    return {s: c for c in closures for s in c.segments if c.closes(s, now_s, now_s)}
