"""Glossary of the physical quantities that devices measure, with their units.

A field name carries the unit (``temperature_c``); this table says what the unit is
in words, in UCUM (for OGC SensorThings) and for Grafana. UCUM: ucum.org, version 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity.

    Attributes:
        label: name for a person, in sentence case.
        symbol: unit as shown, e.g. ``°C``.
        ucum: unit code in UCUM, e.g. ``Cel``.
        grafana: unit id of Grafana, e.g. ``celsius``.
    """

    label: str
    symbol: str
    ucum: str
    grafana: str


TEMPERATURE = Quantity("Temperature", "°C", "Cel", "celsius")
RELATIVE_HUMIDITY = Quantity("Relative humidity", "%", "%", "humidity")
PRESSURE = Quantity("Air pressure", "hPa", "hPa", "pressurehpa")
VOLTAGE = Quantity("Voltage", "V", "V", "volt")
BATTERY = Quantity("Battery charge", "%", "%", "percent")
SPEED = Quantity("Speed", "m/s", "m/s", "velocityms")
DIRECTION = Quantity("Direction from north", "°", "deg", "degree")
ANGLE = Quantity("Angle", "°", "deg", "degree")
PRECIPITATION_RATE = Quantity("Precipitation rate", "mm/h", "mm/h", "lengthmm")
CLOUD_COVER = Quantity("Cloud cover", "oktas", "{okta}", "none")
IRRADIANCE = Quantity("Irradiance", "W/m²", "W/m2", "Wm2")
LATITUDE = Quantity("Latitude", "°", "deg", "degree")
LONGITUDE = Quantity("Longitude", "°", "deg", "degree")
FILM_THICKNESS = Quantity("Water film", "mm", "mm", "lengthmm")
DISTANCE = Quantity("Distance to content", "mm", "mm", "lengthmm")
FILL = Quantity("Fill level", "%", "%", "percent")
SPREAD_RATE = Quantity("Salt spread rate", "g/m²", "g/m2", "none")
LENGTH = Quantity("Length", "m", "m", "lengthm")
MASS = Quantity("Mass", "kg", "kg", "masskg")
CODE = Quantity("Code", "", "1", "none")
COUNT = Quantity("Number", "", "1", "none")
