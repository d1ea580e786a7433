"""What the level of a bin can be told. Sources: docs/bins-level.md."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.figures import Celsius, NotNegative, Percent, Positive, Share

Count = Annotated[int, Meta(ge=1, le=1000)]


class FilterParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From an echo to a fill.

    Attributes:
        blind_mm, sentinels_mm, device_compensates: of a bin without a model.
        beyond_empty_share: an echo from so much beyond the empty bin's floor is none.
        reference_c: where a device without a thermometer believes the air to be.
        noise_mm: standard deviation of one echo; reported_sd_pct: of a fill that the device says itself.
        tilt_deg: more is lying on its side, from ``tilt_readings`` reports on.
        pulse_s: a tilt shorter than this is a bin being tipped.
        hampel_mad, floor_mm: how far from the median of the last seven is odd: so many median deviations, at least so much.
        gate_sd: as far from what is expected is odd.
        day_pct_h, night_pct_h: what may come in an hour, one standard deviation (of a random walk: it grows with the root of time).
        day_from_h, day_to_h: the day, by the sun.
        rate_sd_pct_h, rate_decay_h: how much rates differ, and how long one lasts.
        blocked_jump_pct, most_l_h: a rise of more than both, to a sensor that sees something at ``at_sensor_pct`` or nearer
            ``blocked_readings`` times over ``blocked_after_s``, is something in the way.
        no_echo_readings, no_echo_after_s: so many readings over so long without an echo.
        edge_after_s: nothing but 100 %, or but 0 %, for so long is a sensor that says nothing.
    """

    blind_mm: NotNegative
    sentinels_mm: tuple[float, ...]
    beyond_empty_share: Share
    device_compensates: bool
    reference_c: Celsius
    noise_mm: Positive
    tilt_deg: Positive
    # With defaults: catalogues that were stored before know only the above.
    reported_sd_pct: Positive = 2.0
    tilt_readings: Count = 2
    pulse_s: NotNegative = 600.0
    hampel_mad: Positive = 3.0
    floor_mm: Positive = 20.0
    gate_sd: Positive = 3.5
    day_pct_h: Positive = 4.0
    night_pct_h: Positive = 1.0
    day_from_h: Annotated[float, Meta(ge=0, le=24)] = 6.0
    day_to_h: Annotated[float, Meta(ge=0, le=24)] = 22.0
    rate_sd_pct_h: Positive = 1.5
    rate_decay_h: Positive = 6.0
    blocked_jump_pct: Percent = 40.0
    most_l_h: Positive = 60.0
    at_sensor_pct: Percent = 97.0
    blocked_readings: Count = 4
    blocked_after_s: NotNegative = 3600.0
    no_echo_readings: Count = 4
    no_echo_after_s: NotNegative = 5400.0
    edge_after_s: Positive = 604_800.0

    def __post_init__(self) -> None:
        """Raise ValueError for a day that ends before it begins: its share of 24 h would be less than nothing."""
        if self.day_from_h > self.day_to_h:
            raise ValueError(f"day_from_h {self.day_from_h:g} is after day_to_h {self.day_to_h:g}")
