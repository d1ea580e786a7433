"""Settings of the road forecast. Defaults in the range of what is published; none is fitted to a town."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rules.core.road_surface.ensemble import Hazard
from rules.core.road_surface.parameters import DEFAULT, NotNegative, ParameterSet, Positive, Share
from rules.core.road_surface.spread import Spread

FROM_STATIONS = Spread(
    air_c=4.5,
    humidity_pct=10.0,
    wind=0.5,
    cloud=0.5,
    precipitation=0.8,
    timing_h=2.0,
    dry=0.3,
    shower=0.2,
    full_h=12.0,
    flux_w_m2=10.0,
    surface_c=0.25,
)
"""Errors where nobody forecasts the weather: yesterday's course, moved to what is measured now."""


class TrustParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a road sensor is not believed.

    Attributes:
        window_h: of the last hours, those without sun are looked at [h].
        least_h: of them so many must be there.
        wrong_c: so far from what its neighbours say it is wrong [°C] ...
        wrong_sd: ... and so many standard deviations of what good ones differ by.
        right_share: one that was wrong is believed again below this share of the limit.
        neighbours: so many others must be there to judge by.
        most_share: more than this share of the sensors is never wrong at once: then it is the weather.
    """

    window_h: Positive = 6.0
    least_h: Positive = 1.5
    wrong_c: Positive = 1.2
    wrong_sd: Positive = 3.0
    right_share: Share = 0.7
    neighbours: Annotated[int, Meta(ge=2)] = 3
    most_share: Share = 0.34


class MapParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How thermal mapping learns what a stretch differs by.

    Attributes:
        prior_c: standard deviation between stretches of what the model does not know of them [°C].
        night_c: standard deviation of one night's difference about its mean [°C].
        night_h: a sensor's hours that count as one night.
        pass_nights: what a gritter's pass counts, in nights.
        most_nights: older nights fade beyond so many.
        calm_m_s, clear, windy_m_s, cloudy: bounds of the weather types.
        flux_w_m2k: flux that keeps a road by one degree apart for a night [W/(m² K)].
    """

    prior_c: Positive = 0.8
    night_c: Positive = 0.8
    night_h: Positive = 8.0
    pass_nights: Positive = 0.5
    most_nights: Positive = 20.0
    calm_m_s: Positive = 2.5
    clear: Share = 0.3
    windy_m_s: Positive = 5.0
    cloudy: Share = 0.8
    flux_w_m2k: NotNegative = 14.0


class AirParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the air at each stretch is told from the town's.

    Attributes:
        lapse_c_per_m: of mixed air with height: the standard atmosphere's.
        inversion_c_per_m: of still air beyond that, before anything was measured: valleys have 1 to 3 °C in 100 m.
        mixing_m_s: wind that mixes the air of a clear night (to 1/e).
        settles_h, mixes_h: times in which air settles, and is mixed again.
        usual_cloud: where nobody says.
        known_steps, most_steps: steps of still air that count as much as knowing nothing; older ones fade beyond so many.
        rest_h: time in which what is left over dies out to 1/e.
        height_c, height_m: standard deviation between stretches by height, and the height in which it changes.
        sky_c, rest_c: likewise of a whole sky, and of the rest.
        thermometer_c: of a sensor's air temperature.
        wrong_c, wrong_sd: one that misses what the others say of it by more, and by so many standard deviations, is left out.
    """

    lapse_c_per_m: float = -0.0065
    inversion_c_per_m: float = 0.02
    mixing_m_s: Positive = 4.0
    settles_h: Positive = 3.0
    mixes_h: Positive = 1.5
    usual_cloud: Share = 0.6
    known_steps: Positive = 1.0
    most_steps: Positive = 300.0
    rest_h: Positive = 5.0
    height_c: Positive = 1.5
    height_m: Positive = 25.0
    sky_c: Positive = 2.0
    rest_c: Positive = 0.8
    thermometer_c: Positive = 0.2
    wrong_c: Positive = 2.5
    wrong_sd: Positive = 3.0


class NowParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of an issue.

    Attributes:
        past_h: observed hours that the ground remembers.
        step_s: of the model.
        members: of the ensemble.
        gap_s: a sensor's silence that is bridged [s].
        relax_h: time in which a forecast's error of now falls to 1/e (RoadSurf and METRo: 4).
        sensor_c, gritter_c: standard deviations of what is measured [°C]; gritters measure in passing.
        pass_h: time in which a pass loses its weight to 1/e.
        model_c: standard deviation of the model where nothing is measured near [°C].
        hidden_w_m2: direct sun that houses are taken to hide, as it must vary for a sensor's word on gaps between them to be
            believed by half.
        air: of the air at each stretch.
    """

    past_h: Positive = 48.0
    step_s: Positive = 1200.0
    members: Annotated[int, Meta(ge=2, le=200)] = 20
    gap_s: Positive = 3600.0
    relax_h: Positive = 4.0
    sensor_c: Positive = 0.2
    gritter_c: Positive = 0.8
    pass_h: Positive = 3.0
    model_c: Positive = 1.2
    hidden_w_m2: Positive = 10.0
    air: AirParameters = AirParameters()
    road: ParameterSet = DEFAULT
    trust: TrustParameters = TrustParameters()
    mapping: MapParameters = MapParameters()
    with_forecast: Spread = Spread(air_c=1.9, surface_c=0.25)
    from_stations: Spread = FROM_STATIONS
    hazard: Hazard = Hazard()


SHIPPED = NowParameters()
