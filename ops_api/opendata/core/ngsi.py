"""Public bins and weather stations as NGSI-LD entities of the Smart Data Models. Pure.

ETSI GS CIM 009 (NGSI-LD API); Smart Data Models dataModel.WasteManagement WasteContainer and dataModel.Weather
WeatherObserved; units are UN/CEFACT codes (Recommendation 20).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ops_api.opendata.core.model import Geometry, Item

LD, JSON = "application/ld+json", "application/json"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"
WASTE, WEATHER = (
    "https://smartdatamodels.org/dataModel.WasteManagement/",
    "https://smartdatamodels.org/dataModel.Weather/",
)
KINDS: Mapping[str, str] = {"organic": "organic", "glass": "glass", "paper": "paper"}
"""What goes in as the data model says it; else ``other``."""
Attribute = dict[str, Any]

CONTEXT: Mapping[str, Any] = {
    "@context": [
        {
            "WasteContainer": f"{WASTE}WasteContainer",
            **{n: f"{WASTE}{n}" for n in ("fillingLevel", "storedWasteKind", "dateLastEmptying", "binCapacity", "status")},
            "WeatherObserved": f"{WEATHER}WeatherObserved",
            **{n: f"{WEATHER}{n}" for n in ("atmosphericPressure", "dateObserved", "relativeHumidity", "solarRadiation", "windDirection", "windSpeed")},
            **{n: f"https://smartdatamodels.org/{n}" for n in ("address", "dataProvider", "license", "temperature")},
        },
        CORE,
    ]
}  # fmt: skip
"""Served by ourselves; the core context is ETSI's, which each NGSI-LD client has."""


def _property(value: object, at: str | None = None, unit: str = "") -> Attribute:
    found: Attribute = {"type": "Property", "value": value}
    if unit:
        found["unitCode"] = unit
    return found if at is None else {**found, "observedAt": _utc(at)}


def _utc(at: str) -> str:
    """Return a time as NGSI-LD wants it, with Z: ours are in UTC."""
    return at.replace("+00:00", "Z")


def _time(at: str) -> Attribute:
    return _property({"@type": "DateTime", "@value": _utc(at)})


def _place(geometry: Geometry | None) -> Attribute | None:
    return None if geometry is None else {"type": "GeoProperty", "value": dict(geometry)}


def _bin(item: Item, licence: str) -> dict[str, Any]:
    p: Mapping[str, Any] = item.properties
    at = p["measured_at"]
    return _there({
        "location": _place(item.geometry),
        "address": _property({"streetAddress": p["street"], "addressCountry": "GB"}),
        "description": _property(p["label"]) if p["label"] else None,
        "storedWasteKind": _property([KINDS.get(p["stream"], "other")]),
        "fillingLevel": None if p["filling_level"] is None else _property(p["filling_level"], at, "C62"),
        "temperature": None if p["temperature_c"] is None else _property(p["temperature_c"], at, "CEL"),
        "dateLastEmptying": None if p["emptied_at"] is None else _time(p["emptied_at"]),
        "binCapacity": None if p["capacity_l"] is None else _property(p["capacity_l"], unit="LTR"),
        "status": _property(p["status"], at),
        "license": _property(licence),
    })  # fmt: skip


def _weather(item: Item, licence: str) -> dict[str, Any]:
    p: Mapping[str, Any] = item.properties
    at, humidity = p["measured_at"], p["humidity_pct"]
    measured = {
        "temperature": (p["air_temperature_c"], "CEL"), "windSpeed": (p["wind_speed_m_s"], "MTS"),
        "windDirection": (p["wind_direction_deg"], "DD"), "atmosphericPressure": (p["pressure_hpa"], "A97"),
        "solarRadiation": (p["shortwave_w_m2"], "D54"),
        "relativeHumidity": (None if humidity is None else round(humidity / 100.0, 4), "C62"),
    }  # fmt: skip
    return _there({
        "location": _place(item.geometry),
        "description": _property(p["label"]) if p["label"] else None,
        "dateObserved": _time(at),
        **{n: None if v is None else _property(v, at, unit) for n, (v, unit) in measured.items()},
        "license": _property(licence),
    })  # fmt: skip


def _there(attributes: Mapping[str, Attribute | None]) -> dict[str, Any]:
    return {n: a for n, a in attributes.items() if a is not None}


TYPES: Mapping[str, tuple[str, Callable[[Item, str], dict[str, Any]]]] = {
    "WasteContainer": ("bins", _bin),
    "WeatherObserved": ("weather", _weather),
}
"""Of each type of entity the dataset that it is made of, and how."""


def urn(type_: str, id_: str) -> str:
    """Return an entity's name."""
    return f"urn:ngsi-ld:{type_}:{id_}"


def entity(
    type_: str, item: Item, licence: str, *, simple: bool = False, attrs: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return an entity.

    Args:
        type_: one of :data:`TYPES`.
        item: a row of its dataset.
        licence: address of the licence.
        simple: values alone (``options=keyValues``).
        attrs: only these attributes; empty: all.
    """
    found = TYPES[type_][1](item, licence)
    kept = {n: a for n, a in found.items() if not attrs or n in attrs}
    shown = {n: a["value"] for n, a in kept.items()} if simple else kept
    return {"id": urn(type_, item.id), "type": type_, **shown}
