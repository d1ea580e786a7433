"""What the operations centre's tools are given: closures, the what-if, the emergency way, notes, and the door of who may act."""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.housing.team_door import TeamDoor
from ops_api.ops_places import Addresses
from rules.closing.ports import ClosureBook, WhatIfBook
from rules.core.closing.model import Closure
from rules.core.network.network import Network
from rules.emergency.service import WayDesk
from rules.what_if.service import WhatIfDesk


@dataclass(frozen=True, slots=True)
class OpsTools:
    """The tools; ``door`` lets people act: without one pages only show."""

    closures: ClosureBook
    notes: WhatIfBook
    ways: WayDesk
    what_if: WhatIfDesk
    addresses: Addresses
    door: TeamDoor | None = None


def closure_document(closure: Closure, network: Network, now_s: float) -> dict[str, object]:
    """Return a closure as it is sent: without who said it."""
    index = network.graph.segment_index
    streets = dict.fromkeys(network.segments[index[s]].street or s for s in closure.segments if s in index)
    return {
        "closure_id": closure.closure_id, "segments": list(closure.segments), "streets": list(streets),
        "from_s": closure.from_s, "until_s": closure.until_s, "reason": closure.reason,
        "closed_now": [s for s in closure.segments if closure.closes(s, now_s, now_s)],
    }  # fmt: skip
