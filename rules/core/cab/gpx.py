"""A card as GPX 1.1: a track of the way and a waypoint for each entry, for any navigation device."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from rules.core.cab.card import Card, Entry
from rules.core.evidence.printable import printable

NAMESPACE = "http://www.topografix.com/GPX/1/1"
SCHEMA = f"{NAMESPACE} http://www.topografix.com/GPX/1/1/gpx.xsd"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def gpx(card: Card, name: str, about: str, made_s: float, clock: Callable[[float], str]) -> bytes:
    """Return the file.

    Args:
        card: of a lorry.
        name: of the track.
        about: the file.
        made_s: when the plan was made [s since 1970].
        clock: time of day of a time of the plan.
    """
    ET.register_namespace("", NAMESPACE)
    ET.register_namespace("xsi", XSI)
    root = ET.Element(
        f"{{{NAMESPACE}}}gpx", {"version": "1.1", "creator": "cityops", f"{{{XSI}}}schemaLocation": SCHEMA}
    )
    meta = _child(root, "metadata")
    _child(meta, "name", name)
    _child(meta, "desc", about)
    _child(
        meta, "time", datetime.fromtimestamp(made_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )
    for entry in card.entries:
        _waypoint(root, entry, clock)
    track = _child(root, "trk")
    _child(track, "name", name)
    segment = _child(track, "trkseg")
    for lon, lat in card.line:
        _point(segment, "trkpt", lon, lat)
    said: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return said + b"\n"


def _waypoint(root: ET.Element, entry: Entry, clock: Callable[[float], str]) -> None:
    point = _point(root, "wpt", entry.longitude_deg, entry.latitude_deg)
    said = f"{entry.text}. {entry.spread or 'Spreader off'}." if not entry.loads else entry.text
    _child(point, "name", f"{entry.number} {entry.text}")
    _child(point, "desc", f"{clock(entry.at_s)}, {entry.at_m / 1000.0:.1f} km: {said}")
    _child(point, "type", "load" if entry.loads else "spread" if entry.spread else "drive")


def _child(parent: ET.Element, tag: str, text: str | None = None) -> ET.Element:
    child = ET.SubElement(parent, f"{{{NAMESPACE}}}{tag}")
    child.text = None if text is None else printable(text)
    return child


def _point(parent: ET.Element, tag: str, lon: float, lat: float) -> ET.Element:
    return ET.SubElement(parent, f"{{{NAMESPACE}}}{tag}", {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"})
