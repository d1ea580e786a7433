"""Road weather as DATEX II: what is measured, and where. Pure; XML is written only, never read.

DATEX II 3 (CEN/TS 16157-5:2020, measured data; model 3.5): MeasuredDataPublication and MeasurementSiteTablePublication.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from ops_api.opendata.core.model import Item

MEDIA_TYPE = "application/xml"
TABLE = "road-weather"
_NS = {
    n: f"http://datex2.eu/schema/3/{full}"
    for n, full in (
        ("d2", "d2Payload"), ("com", "common"), ("loc", "locationReferencing"), ("roa", "roadTrafficData"),
    )
}  # fmt: skip
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CONDITIONS: Mapping[str, str] = {
    "dry": "dry", "damp": "moist", "wet": "wet", "hoar": "rime", "ice": "ice", "snow": "snowOnTheRoad",
}  # fmt: skip
"""Our words for a surface in DATEX II's."""
for _prefix, _uri in (*_NS.items(), ("xsi", "http://www.w3.org/2001/XMLSchema-instance")):
    ET.register_namespace(_prefix, _uri)
Row = Mapping[str, Any]


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Append ``prefix:name`` and return it."""
    prefix, _, local = name.partition(":")
    made = ET.SubElement(parent, f"{{{_NS[prefix]}}}{local}", attributes)
    made.text = None if text is None else _NO_XML.sub("", text)
    return made


def _value(parent: ET.Element, name: str, unit: str, number: float | None) -> None:
    """Append a value where there is one; 0.0 is one."""
    if number is not None:
        _add(_add(parent, name), unit, f"{number:.6g}")


def _surface(data: ET.Element, row: Row) -> None:
    condition = CONDITIONS.get(row["surface_state"])
    if condition is not None:
        _add(data, "roa:weatherRelatedRoadConditionType", condition)
    measured = _add(data, "roa:roadSurfaceConditionMeasurements")
    _value(measured, "com:roadSurfaceTemperature", "com:temperature", row["surface_temperature_c"])
    film_mm = row["water_film_mm"]
    _value(measured, "com:waterFilmThickness", "com:distance", None if film_mm is None else film_mm / 1000.0)


def _temperature(data: ET.Element, row: Row) -> None:
    _value(_add(data, "roa:temperature"), "com:airTemperature", "com:temperature", row["air_temperature_c"])


def _humidity(data: ET.Element, row: Row) -> None:
    _value(_add(data, "roa:humidity"), "com:relativeHumidity", "com:percentage", row["humidity_pct"])


def _wind(data: ET.Element, row: Row) -> None:
    wind = _add(data, "roa:wind")
    _value(wind, "com:windSpeed", "com:windSpeed", row["wind_speed_m_s"])
    bearing = row["wind_direction_deg"]
    if bearing is not None:
        _add(_add(wind, "com:windDirectionBearing"), "com:directionBearing", str(round(bearing) % 360))


_QUANTITIES: tuple[tuple[str, str, str, Callable[[ET.Element, Row], None]], ...] = (
    ("surface_temperature_c", "RoadSurfaceConditionInformation", "roadSurfaceConditionInformation", _surface),
    ("air_temperature_c", "TemperatureInformation", "temperatureInformation", _temperature),
    ("humidity_pct", "HumidityInformation", "humidityInformation", _humidity),
    ("wind_speed_m_s", "WindInformation", "windInformation", _wind),
)
"""By index, from 1: the field that must be there, class, name in site tables, and what writes it."""


def placed(*groups: Sequence[Item]) -> list[Item]:
    """Return the sensors that have a place: others can't be referred to."""
    return [i for items in groups for i in items if i.geometry is not None]


def measurements(items: Sequence[Item], now: datetime, council: str) -> bytes:
    """Return what sensors measured last.

    Args:
        items: rows of road-temperatures and weather, at least one, all with a place and a time.
        now: when this is written.
        council: whose it is.
    """
    root = _payload("roa:MeasuredDataPublication", now, council)
    _add(
        root,
        "roa:measurementSiteTableReference",
        id=TABLE,
        version="1",
        targetClass="roa:MeasurementSiteTable",
    )
    _header(root)
    for item in items:
        _site_measurements(_add(root, "roa:siteMeasurements"), item)
    return _written(root)


def _site_measurements(parent: ET.Element, item: Item) -> None:
    _add(parent, "roa:measurementSiteReference", id=item.id, version="1", targetClass="roa:MeasurementSite")
    for index, (field, class_, _, write) in enumerate(_QUANTITIES, 1):
        if item.properties.get(field) is not None:
            outer = _add(parent, "roa:physicalQuantity", index=str(index))
            single = _add(outer, "roa:physicalQuantity", None, **{_TYPE: "roa:SinglePhysicalQuantity"})
            write(_add(single, "roa:basicData", None, **{_TYPE: f"roa:{class_}"}), item.properties)
    if item.at is not None:
        _add(_add(parent, "roa:measurementTimeDefault"), "roa:timeValue", item.at.isoformat())


def sites(items: Sequence[Item], now: datetime, council: str) -> bytes:
    """Return where sensors stand and what each measures; arguments as of :func:`measurements`."""
    root = _payload("roa:MeasurementSiteTablePublication", now, council)
    _header(root)
    table = _add(root, "roa:measurementSiteTable", id=TABLE, version="1")
    for item in items:
        _site(_add(table, "roa:measurementSite", id=item.id, version="1"), item)
    return _written(root)


def _site(site: ET.Element, item: Item) -> None:
    name = _add(
        _add(_add(site, "roa:measurementSiteName"), "com:values"),
        "com:value",
        str(item.properties["label"] or item.id),
    )
    name.set("lang", "en")
    for index, (field, _, type_, _) in enumerate(_QUANTITIES, 1):
        if field in item.properties:
            outer = _add(site, "roa:measurementSpecificCharacteristics", index=str(index))
            _add(
                _add(outer, "roa:measurementSpecificCharacteristics"),
                "roa:specificMeasurementValueType",
                type_,
            )
    assert item.geometry is not None, "only sensors with a place are given"
    longitude_deg, latitude_deg = item.geometry["coordinates"]
    where = _add(site, "roa:measurementSiteLocation", None, **{_TYPE: "loc:PointLocation"})
    point = _add(_add(where, "loc:pointByCoordinates"), "loc:pointCoordinates")
    _add(point, "loc:latitude", f"{latitude_deg:.6f}")
    _add(point, "loc:longitude", f"{longitude_deg:.6f}")


def _payload(type_: str, now: datetime, council: str) -> ET.Element:
    root = ET.Element(f"{{{_NS['d2']}}}payload", {_TYPE: type_, "lang": "en", "modelBaseVersion": "3"})
    _add(root, "com:publicationTime", now.isoformat())
    creator = _add(root, "com:publicationCreator")
    _add(creator, "com:country", "gb")
    _add(creator, "com:nationalIdentifier", council)
    return root


def _header(root: ET.Element) -> None:
    header = _add(root, "roa:headerInformation")
    _add(header, "com:confidentiality", "noRestriction")
    _add(header, "com:informationStatus", "real")


def _written(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
