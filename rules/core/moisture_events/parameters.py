"""What the search for moisture events is told; every value in one place, to become a catalogue file."""

from __future__ import annotations

from typing import Literal

import msgspec

from rules.core.figures import NotNegative, Percent, Positive, Share

WetKind = Literal["bathroom", "kitchen"]
_BATHROOM = (
    "bath",
    "shower",
    "en-suite",
    "en suite",
    "ensuite",
    "toilet",
    "wc",
    "wet room",
    "utility",
    "laundry",
)
_KITCHEN = ("kitchen",)


def wet_kind(room: str) -> WetKind | None:
    """Return which wet room a name means, as people call it; None: a room whose air mixes with the home's."""
    name = room.casefold()
    if any(word in name for word in _BATHROOM):
        return "bathroom"
    return "kitchen" if any(word in name for word in _KITCHEN) else None


HourShare = tuple[float, float, float]
"""A time of day when something is usual: hour of the local day, spread [h], share 0..1."""


class RiseParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Showers and cooking: a quick rise of absolute humidity.

    Attributes:
        rise_g_m3: rise of the 5-minute mean within ``over_bins`` bins that counts [g/m³]. Bristol
            SPHERE house: quiet rooms stay below 0.43, showers and cooking in their own room pass 1.4.
        bin_s, over_bins: width of a bin [s]; over how many bins the rise is taken.
        join_bins: rises with fewer bins between them are one event.
        baseline_bins: bins before the start whose median is the level before.
        rest_bins: a peak is past when no higher bin comes within so many.
        longest_s: nothing rises for longer than this [s].
        noise_g_m3: what two bins may differ by without anything having happened [g/m³].
    """

    rise_g_m3: Positive = 0.6
    bin_s: Positive = 300.0
    over_bins: int = 2
    join_bins: int = 2
    baseline_bins: int = 6
    rest_bins: int = 3
    longest_s: Positive = 3 * 3600.0
    noise_g_m3: NotNegative = 0.12


class ClearParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a room takes to clear.

    Attributes:
        left_share: a room has cleared when this share of the rise is left [-]: "baseline + 10 %".
        within_s: it is watched for no longer than this [s].
    """

    left_share: Share = 0.10
    within_s: Positive = 12 * 3600.0


class AiringParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An opened window: a quick fall of absolute humidity that is more than a shower's settling.

    Attributes:
        fall_g_m3: fall of the 5-minute mean within ``over_bins`` bins, beyond what settles by itself, that counts [g/m³].
        settle_share: what settles by itself within ``over_bins`` bins, as a share of what stands above the
            lowest of ``before_s`` [s]: a quarter in the middle of a home; most of it in a small bathroom.
        longest_s: the lowest point is looked for within this [s].
        rebound_s: a rise within this [s] after the lowest point, to no more than the level before
            the window was opened, is the furnishings giving water back: no event.
    """

    fall_g_m3: Positive = 0.45
    settle_share: Share = 0.25
    before_s: Positive = 3 * 3600.0
    longest_s: Positive = 3600.0
    rebound_s: Positive = 1800.0


class DryingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Clothes that dry indoors: hours in which more water is let into the air than is usual then.

    The water is had from a balance of the home: what ventilation carries off, what the air and
    what the furnishings take up. Its two coefficients are not known of any home; they shape the
    series, and a home is compared with itself only. No air-change rate is told of it.

    Attributes:
        above_g_h: how far the water must pass the usual of that hour of the day [g/h].
        carried_per_hour: share of the moisture excess that ventilation carries off [1/h].
        furnishings_g_per_pct: what furnishings hold more per 1 % of relative humidity [g].
        least_h, longest_h: how long drying may last [h].
        smooth_h: hours of a running median, so that showers and cooking do not count; an odd number.
        usual_days, usual_share: the usual is this quantile of so many days before.
        least_days: fewer known days tell nothing.
    """

    above_g_h: Positive = 80.0
    carried_per_hour: Positive = 0.4
    furnishings_g_per_pct: NotNegative = 35.0
    least_h: int = 5
    longest_h: int = 20
    smooth_h: int = 3
    usual_days: int = 10
    usual_share: Share = 0.4
    least_days: int = 4

    def __post_init__(self) -> None:
        if self.smooth_h % 2 == 0:
            raise ValueError(f"smooth_h {self.smooth_h} must be odd")
        if self.least_days > self.usual_days:
            raise ValueError(f"least_days {self.least_days} must not exceed usual_days {self.usual_days}")


class KindParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Shower or cooking, from how long the rise lasts and the hour of the day.

    Attributes:
        shower_min, cooking_min: usual length of the rise [min].
        spread: standard deviation of its logarithm [-].
        shower_hours, cooking_hours: when each is usual; a guess at British habits, wide on purpose.
        any_hour_share: share that falls at any hour [-]: most, for people live by other clocks too.
        unsure: below this probability the event is unknown [-].
    """

    shower_min: Positive = 15.0
    cooking_min: Positive = 45.0
    spread: Positive = 0.45
    shower_hours: tuple[HourShare, ...] = ((7.5, 1.5, 0.6), (21.0, 1.5, 0.4))
    cooking_hours: tuple[HourShare, ...] = ((7.5, 1.0, 0.25), (12.5, 1.0, 0.25), (18.0, 1.5, 0.5))
    any_hour_share: Share = 0.75
    unsure: Share = 0.6


class RoomParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The air that a box measures. It is assumed to be well mixed.

    Attributes:
        home_m3: of that air [m³], in rooms whose air mixes with the home's: 120 to 220.
        bathroom_m3: in a bathroom, or another small wet room: 12 to 18.
        kitchen_m3: in a kitchen: 25 to 35.
        volume_m3: instead of these; absent in the catalogue, for overrides.
        volume_share: how far the volume may be off, to each side [-].
        full_pct: from this relative humidity on air takes up no more: water settles on walls instead [%].
    """

    home_m3: Positive = 160.0
    bathroom_m3: Positive = 14.0
    kitchen_m3: Positive = 28.0
    volume_m3: Positive | None = None
    volume_share: Share = 0.3
    full_pct: Percent = 95.0

    @property
    def air_m3(self) -> float:
        """The volume that counts [m³]."""
        return self.home_m3 if self.volume_m3 is None else self.volume_m3

    def of(self, room: str) -> RoomParameters:
        """Return the settings for a room of this name: its own volume, unless one is given."""
        if self.volume_m3 is not None:
            return self
        volumes = {"bathroom": self.bathroom_m3, "kitchen": self.kitchen_m3, None: self.home_m3}
        return msgspec.structs.replace(self, volume_m3=volumes[wet_kind(room)])


class DiaryParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When an entry of the diary and an event are the same.

    Attributes:
        before_s: an entry may be made this long before the rise begins [s].
        after_s: and this long after it ended [s]: people press the button afterwards.
        slow_after_s: the same after drying began, which is told when it is hung up [s].
        other_guess_s: an entry that contradicts the guess counts as this much further away [s].
    """

    before_s: NotNegative = 1200.0
    after_s: NotNegative = 5400.0
    slow_after_s: NotNegative = 4 * 3600.0
    other_guess_s: NotNegative = 900.0


class MoistureParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings of moisture events."""

    rise: RiseParameters = RiseParameters()
    clear: ClearParameters = ClearParameters()
    airing: AiringParameters = AiringParameters()
    drying: DryingParameters = DryingParameters()
    kind: KindParameters = KindParameters()
    room: RoomParameters = RoomParameters()
    diary: DiaryParameters = DiaryParameters()
