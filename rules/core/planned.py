"""What a route's plan is: what each stretch must have, by when, and who asked for it."""

from __future__ import annotations

import msgspec

from rules.core.gritting import Outcome


class Need(msgspec.Struct, frozen=True, array_like=True):
    """Salt that a segment must have: rate of a pass [g/m²], passes, by when and asked when [s since 1970]."""

    g_m2: float
    passes: int
    by_s: float
    since_s: float

    @property
    def total_g_m2(self) -> float:
        """All passes together [g/m²]."""
        return self.g_m2 * self.passes


class RoutePlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """A route's plan, remembered so that it does not flutter.

    Attributes:
        period: service period (a night, noon to noon), counted from 1970.
        why: of the segment that needs most, as things are now.
        rate_g_m2, passes: of the treatment that brings every segment to what it needs.
        needs: per segment to treat, what must be on it in all.
        minimum_c: lowest surface temperature expected on the route now [°C].
        coldest: segment id of the lowest expected temperature.
        plough: whether snow is ploughed before the salt.
        aside: what was asked for where salt does not work now: asked for again when it does.
        gaps: of those set aside because the matrix has no rate, the condition that it has none for; of the others it is too cold for salt.
        by_trend: whether nothing but the sensors' trend, and never a forecast, has asked for the treatment.
        ploughed_s: since when the plan has it ploughed [s since 1970], None where it does not.
        not_before_s: when the rain ends that would wash the salt off [s since 1970]; None where none is foreseen.
        refused: on how many stretches salt does not work, or the matrix has no rate: the duty officer's.
        refused_ids: ids of these, sorted.
    """

    period: int
    outcome: Outcome
    why: str
    rate_g_m2: float = 0.0
    passes: int = 1
    needs: dict[str, Need] = {}
    minimum_c: float | None = None
    coldest: str | None = None
    plough: bool = False
    not_before_s: float | None = None
    refused: int = 0
    ploughed_s: float | None = None
    by_trend: bool = False
    aside: dict[str, Need] = {}
    gaps: dict[str, str] = {}
    refused_ids: tuple[str, ...] = ()

    @property
    def asked(self) -> dict[str, Need]:
        """What has been asked for, wherever salt works now or not."""
        return {**self.aside, **self.needs} if self.aside else self.needs

    @property
    def segments(self) -> tuple[str, ...]:
        """Ids of the segments to treat, sorted."""
        return tuple(sorted(self.needs))

    @property
    def treat_by_s(self) -> float | None:
        """When the first segment must be treated [s since 1970], None where none is."""
        return min((n.by_s for n in self.needs.values()), default=None)

    @property
    def most_g_m2(self) -> float:
        """The most that any segment needs in all [g/m²]."""
        return max((n.total_g_m2 for n in self.needs.values()), default=0.0)


def period_of(at_s: float, start_h: float, utc_offset_s: float = 0.0) -> int:
    """Return the service period that a time belongs to: periods begin at ``start_h`` local."""
    return int((at_s + utc_offset_s - start_h * 3600.0) // 86_400.0)
