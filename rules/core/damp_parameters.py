"""What the rules of damp are told, but moisture events, cause and advice: those are told beside their code."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.figures import Celsius, NotNegative, Percent, Positive, Share

Hour = Annotated[float, Meta(ge=0, lt=24)]


class DampParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Surface humidity in homes."""

    raise_pct: Percent
    clear_pct: Percent
    watch_pct: Percent
    outdoor_age_s: Positive
    device_age_s: Positive

    def __post_init__(self) -> None:
        if not self.clear_pct < self.raise_pct:
            raise ValueError(f"clear_pct {self.clear_pct} must be below raise_pct {self.raise_pct}")


class LearnParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a wall probe's nights teach a temperature factor: see :class:`rules.core.surface.learn.LearnSettings`.

    ``days``: so many days before the day itself are looked at.
    """

    from_h: Hour
    hours: Positive
    min_hours: Positive
    min_difference_k: Positive
    min_nights: Annotated[int, Meta(ge=2)]
    max_error: Positive
    probe_error_k: NotNegative
    days: Annotated[int, Meta(ge=1, le=28)]


class BandParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The coldest surface of a room.

    Attributes:
        limit_pct: hours at or above this surface humidity are counted [%].
        spread: half the width of the band of an assumed factor [-].
        factor: instead of the home's own; absent in the catalogue, for overrides.
        learn: from a wall probe.
    """

    limit_pct: Percent
    spread: Share
    learn: LearnParameters
    factor: Annotated[float, Meta(gt=0, le=1)] | None = None


class MouldParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the mould risk index leaves open: see :class:`rules.core.mould.sensitivity.MouldSettings`.

    Attributes:
        wood, surface_quality, decline: W, SQ and Cmat [-].
        shown_class: the class of surfaces that pages and lists name.
        risk_days: so many days tell of the risk before the index can, which takes weeks.
        raised_share, high_share: of their hours with a damp wall, from which the risk is that [-].
    """

    wood: NotNegative
    surface_quality: NotNegative
    decline: Share
    shown_class: Annotated[str, Meta(pattern="^(very_sensitive|sensitive|medium_resistant|resistant)$")]
    risk_days: Annotated[int, Meta(ge=1, le=28)]
    raised_share: Share
    high_share: Share

    def __post_init__(self) -> None:
        if not self.raised_share < self.high_share:
            raise ValueError(f"raised_share {self.raised_share} must be below high_share {self.high_share}")


class SensorParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of a box is said with every figure.

    Attributes:
        least_share: a day with a smaller share of its readings has gaps [-].
        coldest_c, warmest_c, driest_pct, wettest_pct: no home is beyond these.
        implausible_share: a day with more such readings [-] is not to be believed.
        below_outdoor_pa: a room whose air holds so much less water than outdoors, on a day's average, is not:
            the box has drifted [Pa].
        warm_k, same_pa: become warmer than its sister boxes by the first since its first nights, or warmer than one in the
            same room, at the same vapour pressure within the second, by night: it may be warmed by itself [K, Pa].
    """

    least_share: Share
    coldest_c: Celsius
    warmest_c: Celsius
    driest_pct: Percent
    wettest_pct: Percent
    implausible_share: Share
    below_outdoor_pa: Positive
    warm_k: Positive
    same_pa: Positive

    def __post_init__(self) -> None:
        if not self.coldest_c < self.warmest_c:
            raise ValueError(f"coldest_c {self.coldest_c} must be below warmest_c {self.warmest_c}")
        if not self.driest_pct < self.wettest_pct:
            raise ValueError(f"driest_pct {self.driest_pct} must be below wettest_pct {self.wettest_pct}")
