"""The street on which a trial is played: bins that fill whatever is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rules.core.psychrometrics import Floats
from rules.core.readings import Readings


class Call(NamedTuple):
    """A lorry empties a bin at a time [s since 1970]."""

    bin_id: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What really came of it so far, by bin in the street's order. For the referee alone: no policy sees it.

    Attributes:
        put_l: in the bins at the start and thrown in since; equals ``held_l + beside_l + lifted_l``.
        held_l, beside_l, lifted_l: in the bins, beside them, taken away [l].
        spilt_l: what came to lie beside, whether or not it has been cleared away since [l].
        overflow_s: full to the rim or more [s].
        shown_s: a sensor without an error would have read 95 % or more [s]: the top of the heap, not its mean.
        emptied: how often; ``fill``: sum of the fills then, as shares of the capacity; ``wasted``: how often below a half.
    """

    put_l: Floats
    held_l: Floats
    beside_l: Floats
    lifted_l: Floats
    spilt_l: Floats
    overflow_s: Floats
    shown_s: Floats
    emptied: Floats
    fill: Floats
    wasted: Floats


class Street(Protocol):
    """Bins, their sensors, and who empties them."""

    def live(self, until_s: float, calls: Sequence[Call] = ()) -> Readings:
        """Go on until a time [s since 1970] and return what arrived of the sensors; calls are in that time.

        Raises:
            ValueError: a call that is not.
        """
        ...

    def truth(self) -> Truth:
        """Return what came of it so far."""
        ...
