"""What is found: moisture events and opened windows. Plain values; times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Activity = Literal["shower", "cooking", "washing", "unknown"]
"""Names as in the diary (``devices.contract.messages``); washing is clothes drying indoors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A figure and how far off it may be."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Water let into the air of a room.

    Attributes:
        start_s, peak_s: when the rise begins, and when the air is at its wettest [s].
        end_s: when the room has cleared; the peak where it was not seen to clear [s].
        baseline_g_m3, peak_g_m3: absolute humidity before, and at the peak [g/m³].
        grams: water let into the air [g]; the volume of the air is an assumption (its band).
        full: the air was full at the peak: water also went onto walls, and ``grams`` is the least there was.
        half_min, clear_min: from the peak until half, and until nine tenths of the rise are
            gone [min]; None where the next event, a gap or the end of the data came before.
        aired: a window was opened while it cleared.
        outdoor_explains: air from outdoors alone could have done it; None where outdoors is not known.
        rebound: only furnishings giving water back after a window was shut.
        activity, confidence: what it was, as far as the series tells, 0..1.
        from_diary: the household said so.
    """

    start_s: float
    peak_s: float
    end_s: float
    baseline_g_m3: float
    peak_g_m3: float
    grams: Band
    full: bool
    half_min: float | None
    clear_min: float | None
    aired: bool
    outdoor_explains: bool | None
    rebound: bool
    activity: Activity
    confidence: float
    from_diary: bool = False

    @property
    def rise_g_m3(self) -> float:
        """How far absolute humidity rose [g/m³]."""
        return self.peak_g_m3 - self.baseline_g_m3

    @property
    def of_the_household(self) -> bool:
        """Whether somebody let water into the air: neither outdoor air nor a rebound."""
        return self.outdoor_explains is not True and not self.rebound


@dataclass(frozen=True, slots=True, kw_only=True)
class Airing:
    """A window that was opened.

    Attributes:
        start_s, lowest_s: when absolute humidity begins to fall, and when it is lowest [s].
        before_g_m3, lowest_g_m3: then [g/m³].
        toward_outdoor: share of the way to outdoor air [-]; None where outdoors is not known.
    """

    start_s: float
    lowest_s: float
    before_g_m3: float
    lowest_g_m3: float
    toward_outdoor: float | None
