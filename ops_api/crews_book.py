"""What simulated crews say of bins goes into the book of collection acts, as a crew's own page would write it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import structlog

from firmware_sim.world.collection import BLOCKED, COLLECTED, CONTAMINATED, NOT_OUT, CrewAct
from rules.collection_acts.ports import CollectionActs, RefusedActError
from rules.core.collection_acts.record import BIN, NewAct, What

log = structlog.get_logger(__name__)

SAID: Mapping[int, tuple[What, str]] = {
    COLLECTED: ("collected", ""),
    BLOCKED: ("blocked", "a box is jammed in the opening; left as it is"),
    CONTAMINATED: ("contaminated", "bags of building rubble in it; left as it is"),
    NOT_OUT: ("not_out", "not at its place"),
}
"""What crews say, and why in their words."""

PlanOf = Callable[[str, str, float], int | None]
"""Returns by which plan a lorry came to a bin at a time [s since 1970]; None: by none."""


class CrewsBook:
    """:class:`firmware_sim.crew_voice.CrewDesk` on the book of acts."""

    def __init__(self, book: CollectionActs, plan_of: PlanOf) -> None:
        self._book, self._plan_of = book, plan_of

    async def take(self, acts: Sequence[CrewAct]) -> None:
        """Write acts down; what was written before is not written again.

        Raises:
            TransientError: the database does not answer; what is said again is known by its request.
        """
        for act in acts:
            try:
                await self._book.append(self._new(act))
            except RefusedActError as error:
                log.warning("a crew's act is refused", lorry=act.lorry, bin=act.bin_id, reason=str(error))

    def _new(self, act: CrewAct) -> NewAct:
        what, reason = SAID[act.code]
        return NewAct(
            ref=f"{BIN}{act.bin_id}", what=what, at_s=act.time_s, by=f"crew of {act.lorry}", role="crew",
            via="crew page", reason=reason, lorry=act.lorry,
            plan_version=self._plan_of(act.lorry, act.bin_id, act.time_s), request_id=request_of(act),
        )  # fmt: skip


def request_of(act: CrewAct) -> str:
    """Return what an act is known by: a crew is at a bin once at a time."""
    return f"simulated:{act.lorry}:{act.bin_id}:{act.time_s:.0f}"
