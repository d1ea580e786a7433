"""What kinds of device declare, as SensorThings says it: sensors, observed properties, units, types of results. Pure.

Source: OGC 18-088 §8.2.5-6; UCUM; QUDT 2.1 quantity kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from devices.contract import quantities as q
from devices.contract.kind import Field, Kind
from devices.contract.quantities import Quantity

MADE = "other"
OTHER = Kind(
    name=MADE,
    title="Other datastream",
    description="One number at a time, of a datastream that people or programs made; its unit is the datastream's.",
    cadence_s=3600,
    continuous=False,
    fields=(
        Field(
            name="value",
            quantity=q.COUNT,
            minimum=-1e12,
            maximum=1e12,
            resolution=3.0,  # no step: kept and given as it came
            required=True,
            storage="double precision",
        ),
    ),
)
"""What has no device of ours and no table of its kind's making: ``other_reading``."""
_OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
MEASUREMENT, COUNT, CATEGORY, TRUTH = (
    f"{_OM}OM_{name}"
    for name in ("Measurement", "CountObservation", "CategoryObservation", "TruthObservation")
)
_QUDT = "http://qudt.org/vocab/quantitykind/"
DEFINITIONS: Mapping[Quantity, str] = MappingProxyType(
    {
        q.TEMPERATURE: f"{_QUDT}Temperature",
        q.RELATIVE_HUMIDITY: f"{_QUDT}RelativeHumidity",
        q.PRESSURE: f"{_QUDT}AtmosphericPressure",
        q.VOLTAGE: f"{_QUDT}Voltage",
        q.BATTERY: f"{_QUDT}StateOfCharge",
        q.SPEED: f"{_QUDT}Speed",
        q.DIRECTION: f"{_QUDT}Angle",
        q.ANGLE: f"{_QUDT}Angle",
        q.PRECIPITATION_RATE: f"{_QUDT}Speed",
        q.CLOUD_COVER: f"{_QUDT}DimensionlessRatio",
        q.IRRADIANCE: f"{_QUDT}Irradiance",
        q.LATITUDE: f"{_QUDT}Latitude",
        q.LONGITUDE: f"{_QUDT}Longitude",
        q.FILM_THICKNESS: f"{_QUDT}Thickness",
        q.DISTANCE: f"{_QUDT}Distance",
        q.FILL: f"{_QUDT}DimensionlessRatio",
        q.SPREAD_RATE: f"{_QUDT}MassPerArea",
        q.LENGTH: f"{_QUDT}Length",
        q.MASS: f"{_QUDT}Mass",
        q.CODE: f"{_QUDT}Dimensionless",
        q.COUNT: f"{_QUDT}Count",
    }
)


def declared(kinds: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """Return what ``sta_sync`` takes, from the kinds that devices have."""
    return [_kind(kind) for kind in kinds.values()]


def moves(kind: Kind) -> bool:
    """Return whether its devices say where they are with each reading."""
    return {"latitude_deg", "longitude_deg"} <= kind.by_name.keys()


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "kind": kind.name,
        "title": kind.title,
        "description": kind.description,
        "moves": moves(kind),
        "fields": [_field(field) for field in kind.fields],
    }


def _field(field: Field) -> dict[str, Any]:
    title, quantity = field.title, field.quantity
    return {
        "field": field.name,
        "title": title,
        "definition": DEFINITIONS.get(quantity, f"{_QUDT}Dimensionless"),
        "description": title if quantity.label == title else f"{title} ({quantity.label.lower()})",
        "unit": unit(quantity),
        "observation_type": COUNT if field.storage == "smallint" else MEASUREMENT,
        "properties": _properties(field),
        "required": field.required,
    }


def unit(quantity: Quantity) -> dict[str, Any]:
    """Return a unit of measurement; of a number without one all is null, as the standard asks."""
    if not quantity.symbol:
        return {"name": None, "symbol": None, "definition": None}
    return {
        "name": quantity.symbol,
        "symbol": quantity.symbol,
        "definition": f"http://unitsofmeasure.org/ucum.html#{quantity.ucum}",
    }


def _properties(field: Field) -> dict[str, Any]:
    codes = {"codes": {str(code): words for code, words in field.codes.items()}} if field.codes else {}
    return {
        "field": field.name,
        "ucum": field.quantity.ucum,
        "minimum": field.minimum,
        "maximum": field.maximum,
    } | codes
