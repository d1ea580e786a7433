"""Parameters of rule bins.forecast: how bins' filling is learnt, told and watched, and when lorries come."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.figures import NotNegative, Percent, Positive, Share

Day = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Weekday = Annotated[int, Meta(ge=0, le=6)]


class ServiceParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When lorries go out, in local time.

    Attributes:
        weekdays: 0 = Monday.
        hour: when they leave [h after midnight].
        open_h: so long after that a bin can still be put on the round [h].
        lead_h: so long after that the last bin has been reached [h].
        closed: dates on which none goes, such as bank holidays.
        extra: dates on which one goes beside the weekdays.
    """

    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1)]
    hour: Annotated[float, Meta(ge=0, lt=24)]
    open_h: Annotated[float, Meta(ge=0, le=24)]
    lead_h: Annotated[float, Meta(ge=0, le=24)]
    closed: tuple[Day, ...] = ()
    extra: tuple[Day, ...] = ()


class FillingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How bins' filling is learnt.

    Attributes:
        half_life_days: what was added so long ago counts half.
        gap_h: what was added in a longer gap teaches nothing [h].
        fall_pct: a greater fall within a cycle is not settling: something was taken out, or an echo was wrong [% of fill].
        first_pct_day: what a day adds to a bin of 240 l before anything was measured [% of fill].
        first_spread_pct: variance over mean of what is added, before anything was measured [% of fill].
        first_variation: variance between the levels of bins of one kind of place over their mean squared, likewise.
        variation_bins: so many bins' worth of that is known before.
        fleet_bins: so many bins' worth of the first level is known before.
        place_bins: a kind of place has its own level by half from so many well-known bins on.
        spread_pct: a spread is the bin's or the place's own by half after so much was added [% of fill].
        shape_pct: an hour of the week is the place's own by half after so much was expected in it [% of fill].
        least_pct_day: no bin is taken to fill by less in a day [% of fill].
    """

    half_life_days: Positive
    gap_h: Annotated[float, Meta(ge=1, le=168)]
    fall_pct: Positive
    first_pct_day: Positive
    first_spread_pct: Positive
    first_variation: Positive
    variation_bins: Positive
    fleet_bins: Positive
    place_bins: Positive
    spread_pct: Positive
    shape_pct: Positive
    least_pct_day: Positive


class WatchParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How told chances are put right and watched.

    Attributes:
        half_life_days: what came so long ago counts half.
        enough: chances are put right once so many overflows came, and as many did not come,
        sure: and twice the gain in the logarithm of the likelihood is so much: 6 is by chance in 1 of 20 fleets.
        drift_sd: they drift where what came is so many standard deviations from what was told, or squares from what is due,
        drift_share: and by such a share of it.
    """

    half_life_days: Positive
    enough: Positive
    sure: NotNegative
    drift_sd: Positive
    drift_share: Positive


class OutlookParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When bins will be full.

    Attributes:
        alpha: a bin is to be collected from this chance on that it overflows if it is left out; no longer below half of it.
        sensitive_alpha: likewise at a sensitive site.
        may_from: bins are told as candidates from this chance on.
        told_again_h: candidates whose chances were told so long ago are told again [h].
        full_pct: nothing more fits in [% of fill].
        seen_full_pct: a measured fill from which a bin counts as full: its echo can show no more [% of fill].
        cell_mm: step of the sensors [mm].
        level_age_h: an older fill says nothing of today [h].
        filling, watch, service: see there.
    """

    alpha: Share
    sensitive_alpha: Share
    may_from: Share
    told_again_h: Positive
    full_pct: Percent
    seen_full_pct: Percent
    cell_mm: NotNegative
    level_age_h: Annotated[float, Meta(ge=1, le=336)]
    filling: FillingParameters
    watch: WatchParameters
    service: ServiceParameters
