"""What is said of a lorry on its round. Times are whole seconds after local midnight of the service day, like a plan's."""

from __future__ import annotations

from typing import Literal

import msgspec

from rules.core.collection_acts.record import What
from rules.core.rounds.model import Place
from rules.core.rounds.plan import StopKind

StopState = Literal["done", "skipped", "next", "to_come"]
By = Literal["", "crew", "sensor", "track", "clock"]
"""Who says so: the crew's act; the bin's series, which shows the emptying; the lorry, which stood there; the plan's clock, of
a lorry that nobody has heard of. Empty: nobody yet."""
Phase = Literal["waits", "drives", "at_stop", "break", "off_plan", "silent", "back", "idle"]
"""``waits`` in its yard to set out, ``off_plan`` away from where it should be, ``silent`` out and not heard of for a while,
``back`` in its yard with all done, ``idle`` has no round."""


class StopNow(msgspec.Struct, frozen=True, kw_only=True):
    """A stop of a round as it is now.

    Attributes:
        index: of the round's stop; ``kind``, ``ref``, ``place``: as planned.
        state: done, skipped by the crew, where the lorry goes next, or to come.
        planned_s: when it begins by the plan.
        expected_s: when it will begin as it looks now; None once it is done or skipped.
        at_s: when it was done or skipped.
        what, reason: the crew's word.
        by: see ``By``.
        lorry_id: who did it, where that was another lorry.
    """

    index: int
    kind: StopKind
    ref: str
    place: Place
    state: StopState
    planned_s: int
    expected_s: int | None = None
    at_s: int | None = None
    what: What | None = None
    reason: str = ""
    by: By = ""
    lorry_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in ("next", "to_come")


class LorryProgress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a lorry is on its round.

    Attributes:
        lorry_id: of the fleet; ``version``: of the plan that it drives.
        phase: see ``Phase``.
        place, seen_s: its last report; None: it has not reported today.
        load_kg, load_l: on board, as loose waste.
        driven_s, worked_s: since its shift or its crew's last break began [s].
        began_s: when its shift began; None: it has not.
        stops: of the newest plan, in its order.
        next: index of the stop where it goes next; None: none is left.
        behind_s: how much later than planned it will be back [s]; negative: earlier.
        ends_s: when it will be back; None: it has no round, or is.
        bins_n, done_n, skipped_n: bins of its whole day, ``earlier`` ones included.
        earlier: what it did or skipped under earlier plans of the day, by time.
    """

    lorry_id: str
    version: int
    phase: Phase
    place: Place | None
    seen_s: int | None
    load_kg: float
    load_l: float
    driven_s: int
    worked_s: int
    began_s: int | None
    stops: tuple[StopNow, ...]
    next: int | None
    behind_s: int
    ends_s: int | None
    bins_n: int
    done_n: int
    skipped_n: int
    earlier: tuple[StopNow, ...] = ()


class Fix(msgspec.Struct, frozen=True):
    """A report of a lorry.

    Attributes:
        at_s: when [s since 1970].
        place: where.
        speed_m_s: how fast.
        load_kg: on board, where it weighs.
    """

    at_s: float
    place: Place
    speed_m_s: float
    load_kg: float | None = None


class SeenBin(msgspec.Struct, frozen=True):
    """What a bin's series showed: it was emptied, or a lorry was there and it was not.

    Attributes:
        bin_id: whose; ``at_s``: when [s since 1970].
        emptied: which of the two.
    """

    bin_id: str
    at_s: float
    emptied: bool = True
