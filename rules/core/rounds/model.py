"""What a day's rounds are planned from: bins that may be emptied, where the lorries are, and what a crew has fixed.

Times are whole seconds after ``day_s``, local midnight of the service day [s since 1970], unless said otherwise.
Plain values: their JSON is msgspec's, see ``codec``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

DAY_S = 86_400
"""End of a day [s after its midnight]; rounds may go on beyond it."""


class Place(msgspec.Struct, frozen=True):
    """A position [°, WGS 84]."""

    latitude_deg: float
    longitude_deg: float


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A bin that may be emptied on the day.

    Attributes:
        bin_id: its name.
        place: where it stands.
        stream: waste in it: litter, recycling, …
        litres: loose waste that is expected in it when the lorry comes [l].
        mass_kg: of it [kg].
        service_s: what emptying takes at the bin [s].
        must: whether it has to be emptied; the others are taken where that is worth the way.
        code: why, for machines: ``full``, ``forecast``, ``overflow``, ``age``, ``fixed_day``, ``may`` …
        why: the same in words.
        p_overflow: chance that it overflows before the next planning moment if it is left (0..1).
        from_s, until_s: when emptying may begin [s after midnight].
    """

    bin_id: str
    place: Place
    stream: str
    litres: float
    mass_kg: float
    must: bool
    code: str
    why: str = ""
    p_overflow: float = 0.0
    service_s: int = 60
    from_s: int = 0
    until_s: int = 2 * DAY_S

    def __post_init__(self) -> None:
        """Raise ValueError naming a value that can't be."""
        for name in ("litres", "mass_kg", "service_s"):
            if not 0.0 <= getattr(self, name) < 1e9:
                raise ValueError(f"bin {self.bin_id}: {name} is {getattr(self, name)}; allowed: 0 or more")
        if not 0.0 <= self.p_overflow <= 1.0:
            raise ValueError(f"bin {self.bin_id}: p_overflow is {self.p_overflow}; allowed: 0 to 1")
        if not 0 <= self.from_s <= self.until_s:
            raise ValueError(f"bin {self.bin_id}: may be emptied from {self.from_s} until {self.until_s} s")


class LorryNow(msgspec.Struct, frozen=True, kw_only=True):
    """A lorry where a plan takes it up on its way; one that is not named starts its shift in its depot.

    Attributes:
        lorry_id: of the fleet.
        place: where it is; None: in its depot.
        at_s: when [s after midnight].
        load_kg, load_l: on board, as loose waste.
        driven_s, worked_s: since its shift began or its crew's last break [s].
        began_s: when its shift began; None: ``at_s``.
        out: whether it is out of service: it does nothing more.
    """

    lorry_id: str
    at_s: int
    place: Place | None = None
    load_kg: float = 0.0
    load_l: float = 0.0
    driven_s: int = 0
    worked_s: int = 0
    began_s: int | None = None
    out: bool = False


class Lock(msgspec.Struct, frozen=True, kw_only=True):
    """What a crew or a dispatcher has fixed, with the reason.

    Attributes:
        kind: ``lorry``: the bins are emptied by this lorry or not at all; ``skip``: they are left out today;
            ``first``: this lorry goes to them first, in this order.
        bins: their ids.
        lorry_id: for ``lorry`` and ``first``.
        reason: why; shown with what is not collected.
        by: who said so.
    """

    kind: Literal["lorry", "skip", "first"]
    bins: tuple[str, ...]
    reason: str
    lorry_id: str | None = None
    by: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError where the lorry or the reason is missing."""
        if self.kind != "skip" and not self.lorry_id:
            raise ValueError(f"lock {self.kind}: which lorry is missing")
        if not self.reason.strip():
            raise ValueError(f"lock {self.kind}: the reason is missing")
