"""What the gritting decision can be told: thresholds, lorries, salt, what a night costs."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.dose import DoseParameters
from rules.core.figures import Celsius, NotNegative, Positive, Share, WholeMinutes


class SpreadParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Lorries.

    Attributes:
        spreading_km_h, driving_km_h: with the spreader on and off.
        turn_out_min: from the call to the depot's gate [min].
        limit_min: a pass should be done in this time, from the gate to the end of the last stretch [min].
        reserve_min: kept in hand before the hour that a treatment must be done by [min].
    """

    spreading_km_h: Positive
    driving_km_h: Positive
    turn_out_min: NotNegative
    limit_min: Positive = 120.0
    reserve_min: NotNegative = 10.0
    material: Annotated[str, Meta(pattern="^(dry_salt|prewet)$")]


class TreatmentParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What gritters have done, from their positions, and how long it lasts.

    Attributes:
        position_m: a position further from any road [m] is on none.
        gap_s: two reports further apart [s] say nothing of what was between.
        fastest_m_s: a way that would have been driven faster [m/s] was not driven.
        weighing_share: how far the salt that is gone may differ from rate times area.
        holds_h: how long a treatment counts.
        rain_mm, holds_after_rain_h: after more rain than this it counts no longer than that.
        worth_g_m2: no lorry is sent for less than this on top of a treatment that holds.
        least_g_m2: lowest rate that is asked for on top of an earlier treatment.
        under_way_s: a route is under way for this long after the last salt on it.
        track_s: how far back a late report still counts.
        passes_kept_s: how long a pass is remembered.
    """

    position_m: Positive
    gap_s: Positive
    fastest_m_s: Positive
    weighing_share: Share
    holds_h: Positive
    rain_mm: NotNegative
    holds_after_rain_h: NotNegative
    worth_g_m2: NotNegative
    least_g_m2: NotNegative
    under_way_s: NotNegative
    track_s: Positive
    passes_kept_s: Positive


class CostParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a night costs, with and without salt.

    Attributes:
        run_gbp: a run of one lorry over a route, salt included [£].
        loss_gbp: a route that ices untreated for a night [£].
        fails_share: chance that a road which would have iced ices although it was treated.
        spread_c: standard deviation of the lowest surface temperature where no forecast tells it [°C].
        release_share: what only the sensors' trend has asked for is given up where a forecast's chance of ice is below
            this share of ``act_from``.
    """

    run_gbp: Positive = 500.0
    loss_gbp: Positive = 5000.0
    fails_share: Annotated[float, Meta(ge=0, lt=1)] = 0.05
    spread_c: Positive = 1.5
    release_share: Share = 0.5

    @property
    def act_from(self) -> float:
        """From which chance of ice a treatment costs less than none."""
        return self.run_gbp / (self.loss_gbp * (1.0 - self.fails_share))

    @property
    def release_below(self) -> float:
        """Below which chance of ice a forecast takes back what only the sensors' trend has asked for."""
        return self.release_share * self.act_from


class GrittingParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The decision on a precautionary treatment.

    Attributes:
        light_snow_mm, plough_snow_mm: from so much snow on it is heavy, and ploughed [mm of water].
        selective: whether only stretches that need it are treated; else a route is treated as a whole.
        dose: the physical dose beside the matrix's cell.
        cost: what treating and not treating costs.
    """

    action_c: Celsius
    hoar_margin_c: NotNegative
    release_c: NotNegative
    air_margin_c: NotNegative
    horizon_h: Positive
    trend_window_h: Positive
    trend_damping_h: Positive
    trend_limit_c_h: Positive
    redecide_s: NotNegative
    respond_s: NotNegative
    join_c: NotNegative
    join_h: NotNegative
    light_snow_mm: NotNegative
    plough_snow_mm: NotNegative = 3.0
    selective: bool = True
    evaluate_every_s: WholeMinutes
    period_start_h: Annotated[float, Meta(ge=0, lt=24)]
    matrix: str
    time_zone: str
    spread: SpreadParameters
    treatment: TreatmentParameters
    dose: DoseParameters = DoseParameters()
    cost: CostParameters = CostParameters()
