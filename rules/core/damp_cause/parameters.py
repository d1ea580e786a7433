"""What the search for the cause is told; every value in one place, to become a catalogue file."""

from __future__ import annotations

import msgspec

from rules.core.figures import Celsius, NotNegative, Percent, Positive, Share

Three = tuple[float, float, float]
"""Low, middle and high."""


class CauseParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of :func:`rules.core.damp_cause.cause.attribute`.

    Attributes:
        limit_pct: surface humidity above which an hour counts (BS 5250:2002 annex D) [%].
        heated_c: "had the room been heated to": WHO 2018 and English guidance, 18 °C and a little more.
        normal_pa: moisture excess of a home in ordinary use, at 0 °C outdoors, falling to 0 at
            20 °C [Pa]: the middle of class 2 of ISO 13788; class 1 ends at 270, class 2 at 540. What drier air
            would be where the water let in is not known.
        sound_factor: fRsi of a sound building [-]: 0.75 (BRE IP 1/06) to 0.8.
        wall_lag_h: how slowly a wall follows the outdoor temperature [h].
        least_hours: fewer hours with everything known tell nothing.
        least_difference_c: with less between indoors and outdoors on average [K] walls tell nothing.
        none_share: with fewer of the hours above the limit [-] there is nothing to explain.
        outdoor_share: when outdoor air alone would leave so much of the damp [-], and no remedy takes
            away the rest, it is the weather.
        also_share: a remedy that removes this share of what the best one does [-] is named too.
        person_g_h, at_home_h: water that a person breathes out [g/h] and for how long a day [h].
        found_share: share of the water of showers, cooking and drying that is found; the rest is
            too slow to be seen from one box [-] (measured on simulated homes, ``bench moisture``).
        volume_m3: of the home, where not known [m³].
        drying_found_share: the same of clothes dried indoors, as shares of all water [-]: what is dried every day
            is taken for usual and not found (measured on simulated homes that dry most days).
        ordinary_drying_g_day: clothes dried indoors in an ordinary home: a load of 2 kg a week [g/day].
        mended_exchange_per_hour: ventilation that better airing brings, with extract fans in the wet rooms
            [1/h]: the half of an hour that is a standard in much of Europe and about what Approved Document F
            asks for, and more where fans and vents are used as meant.
        normal_exchange_per_hour: ventilation below which it is too little [1/h]: the lowest of these; only to weigh
            load against ventilation, never told: air-change rates can't be had from such series.
        usual_clear_min: how long a rise takes to clear in a home in ordinary order [min].
    """

    limit_pct: Percent = 80.0
    heated_c: tuple[Celsius, Celsius, Celsius] = (18.0, 18.5, 19.0)
    normal_pa: Three = (330.0, 405.0, 540.0)
    sound_factor: Three = (0.75, 0.775, 0.8)
    wall_lag_h: NotNegative = 3.0
    least_hours: int = 240
    least_difference_c: Positive = 4.0
    none_share: Share = 0.02
    outdoor_share: Share = 0.5
    also_share: Share = 0.8
    person_g_h: Positive = 45.0
    at_home_h: Positive = 17.0
    found_share: Positive = 0.65
    volume_m3: Three = (125.0, 160.0, 205.0)
    drying_found_share: Positive = 0.45
    ordinary_drying_g_day: NotNegative = 285.0
    mended_exchange_per_hour: Three = (0.5, 0.65, 0.8)
    normal_exchange_per_hour: Positive = 0.5
    usual_clear_min: Positive = 150.0
