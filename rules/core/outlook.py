"""What is known of a stretch of road for the coming hours, and the weather words for it."""

from __future__ import annotations

from typing import Literal

import msgspec

Precipitation = Literal["none", "rain", "snow", "freezing_rain"]


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a segment for the coming hours. None = unknown; temperatures in °C.

    ``wet``: water is on the road or rain is falling; ``damp``: moist or white already.
    Hours until the surface reaches 0 °C (``zero_in_h``), 0 °C and its frost or dew point
    (``hoar_in_h``), nearly its lowest (``low_in_h``), and until snow or freezing rain falls (``falls_in_h``); None = not within the horizon.
    ``air_c``: of the town. ``snow_mm``: snow that has fallen, or is expected if that is more, ``lying_mm``: that has fallen [mm of water].
    ``lain_h``: for how long snow has lain on the segment. ``glazed``: freezing rain has fallen in the last hours.

    From a road forecast only, else None: hours until it has ice in so many of its cases that salt costs
    less than none (``ice_in_h``), the probabilities that the surface falls to 0 °C or
    below and that ice forms on it, the film of water when it does and the hoar that gathers
    [mm], hours until the rain ends that begins before the frost, and the standard deviation of the lowest surface temperature.
    ``rain_mm``: rain until it freezes for the last time [mm], ``ahead_h``: how far the forecast is looked at [h].
    ``source`` says which of the two this is.
    """

    segment_id: str
    street: str
    surface_c: float | None
    minimum_c: float | None
    zero_in_h: float | None = None
    hoar_in_h: float | None = None
    low_in_h: float | None = None
    falls_in_h: float | None = None
    dew_point_c: float | None = None
    frost_point_c: float | None = None
    air_c: float | None = None
    state: str = "unknown"
    wet: bool = False
    damp: bool = False
    precipitation: Precipitation = "none"
    snow_mm: float = 0.0
    lying_mm: float = 0.0
    lain_h: float | None = None
    glazed: bool = False
    ice_in_h: float | None = None
    p_below_0: float | None = None
    p_ice: float | None = None
    film_mm: float | None = None
    deposit_mm: float | None = None
    rain_ends_in_h: float | None = None
    spread_c: float | None = None
    rain_mm: float | None = None
    ahead_h: float | None = None
    source: Literal["forecast", "nowcast"] = "nowcast"
