"""GPX 1.1: a track of a way, and waypoints, for any navigation device. https://www.topografix.com/GPX/1/1/"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from rules.core.evidence.printable import printable

NAMESPACE = "http://www.topografix.com/GPX/1/1"
SCHEMA = f"{NAMESPACE} http://www.topografix.com/GPX/1/1/gpx.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A point with its name, what is to be known of it, and its kind."""

    longitude_deg: float
    latitude_deg: float
    name: str
    about: str
    kind: str


def gpx_of(
    name: str,
    about: str,
    made_s: float,
    waypoints: Iterable[Waypoint],
    line: Iterable[tuple[float, float]],
) -> bytes:
    """Return the file.

    Args:
        name: of the track; ``about``: the file.
        about: what the file is.
        made_s: when it was made [s since 1970].
        waypoints: in order.
        line: the way, (longitude, latitude) [°].
    """
    ET.register_namespace("", NAMESPACE)
    ET.register_namespace("xsi", XSI)
    root = ET.Element(
        f"{{{NAMESPACE}}}gpx", {"version": "1.1", "creator": "cityops", f"{{{XSI}}}schemaLocation": SCHEMA}
    )
    meta = _child(root, "metadata")
    _child(meta, "name", name)
    _child(meta, "desc", about)
    made = datetime.fromtimestamp(made_s, UTC).isoformat(timespec="seconds")
    _child(meta, "time", made.replace("+00:00", "Z"))
    for w in waypoints:
        point = _point(root, "wpt", w.longitude_deg, w.latitude_deg)
        for tag, text in (("name", w.name), ("desc", w.about), ("type", w.kind)):
            _child(point, tag, text)
    track = _child(root, "trk")
    _child(track, "name", name)
    segment = _child(track, "trkseg")
    for lon, lat in line:
        _point(segment, "trkpt", lon, lat)
    said: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return said + b"\n"


def _child(parent: ET.Element, tag: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    child.text = None if text is None else printable(text)
    return child


def _point(parent: ET.Element, tag: str, lon: float, lat: float) -> ET.Element:
    return ET.SubElement(parent, f"{{{NAMESPACE}}}{tag}", {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"})
