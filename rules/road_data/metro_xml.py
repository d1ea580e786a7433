"""Reads a case of METRo's XML files: station, observations and the roadcast that METRo made of them.

What a file claims is checked: sentinels (9999, -99.9) and values outside METRo's own limits are missing, wind
is km/h, times are UTC. A file with a document type is refused: entities could read other files or
fill the memory, and METRo writes none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as Xml

import numpy as np
from numpy.typing import NDArray

from cityops.errors import ConfigurationError
from rules.core.road_surface.metro import MetroCase, Roadcast, Sensed
from rules.core.road_surface.parameters import Layer

Floats = NDArray[np.float64]

LARGEST_FILE = 20_000_000
KMH = 1.0 / 3.6
LIMITS = {
    "at": (-60.0, 50.0), "td": (-80.0, 50.0), "ws": (0.0, 300.0), "st": (-40.0, 80.0), "sst": (-40.0, 80.0),
    "ap": (700.0, 1100.0), "ra": (0.0, 1e4), "sn": (0.0, 1e4), "qp-ra": (0.0, 500.0), "qp-sn": (0.0, 500.0),
    "sf": (0.0, 1500.0), "ir": (0.0, 700.0),
}  # fmt: skip
"""What METRo itself takes for possible: °C, km/h, hPa, mm, mm/h, W/m²."""
MATERIALS = {
    "asphalt": (0.8, 2.1e6), "cement": (2.2, 2.1e6), "concrete": (2.2, 2.1e6), "crushed rock": (0.95, 2.1e6),
    "gravier": (0.95, 2.1e6), "gravel": (0.95, 2.1e6), "sand": (1.0, 2.0e6),
}  # fmt: skip
"""Conductivity [W/(m K)] and heat capacity [J/(m³ K)] that METRo gives its materials."""


def read_case(folder: Path) -> MetroCase:
    """Return a case of a folder with ``station.xml``, ``observation.xml`` and ``roadcast_reference.xml``.

    Raises:
        ConfigurationError: a file is not there, not readable or lacks what a case needs.
    """
    station = _root(folder / "station.xml")
    layers = tuple(_layer(folder, layer) for layer in station.iter("roadlayer"))
    if not layers:
        raise ConfigurationError(f"{folder}/station.xml: no roadlayer")
    seen = _table(folder / "observation.xml", "measure", "observation-time", ("at", "td", "ws", "st", "sst"))
    cast = _table(
        folder / "roadcast_reference.xml", "prediction", "roadcast-time",
        ("at", "td", "ws", "qp-ra", "qp-sn", "ra", "sn", "sf", "ir", "st"),
    )  # fmt: skip
    known = ~np.isnan(seen["st"])
    if not known.any() or len(cast["at_s"]) == 0:
        raise ConfigurationError(f"{folder}: no usable road temperature or no roadcast")
    return MetroCase(
        name=folder.name.removeprefix("case"),
        bridge=(station.findtext(".//station-type") or "").strip().lower() == "bridge",
        layers=layers,
        sensed=Sensed(
            at_s=seen["at_s"][known],
            air_c=seen["at"][known],
            dew_c=seen["td"][known],
            surface_c=seen["st"][known],
            deep_c=seen["sst"][known],
            wind_m_s=seen["ws"][known] * KMH,
        ),
        roadcast=Roadcast(
            at_s=cast["at_s"],
            air_c=cast["at"],
            dew_c=cast["td"],
            wind_m_s=cast["ws"] * KMH,
            rain_mm_h=cast["qp-ra"],
            snow_mm_h=cast["qp-sn"],
            water_mm=cast["ra"],
            ice_mm=cast["sn"],
            sun_w_m2=cast["sf"],
            longwave_w_m2=cast["ir"],
            surface_c=cast["st"],
        ),
    )


def _root(path: Path) -> Xml.Element:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigurationError(f"{path}: larger than {LARGEST_FILE} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from None
    return parsed(content, str(path))


def parsed(content: bytes, name: str) -> Xml.Element:
    """Return the outermost element of a METRo file; ``name`` is for errors.

    Raises:
        ConfigurationError: it is no XML, or has a document type.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise ConfigurationError(f"{name}: has a document type, which a METRo file never has")
    try:
        return Xml.fromstring(content)  # noqa: S314 - no document type, so no entities
    except Xml.ParseError as error:
        raise ConfigurationError(f"{name}: {error}") from None


def _layer(folder: Path, layer: Xml.Element) -> Layer:
    kind = (layer.findtext("type") or "").strip().lower()
    if kind not in MATERIALS:
        raise ConfigurationError(f"{folder}/station.xml: material {kind!r}; known: {', '.join(MATERIALS)}")
    thickness = _number(layer, "thickness")
    if not thickness > 0.0:
        raise ConfigurationError(f"{folder}/station.xml: a layer's thickness must be above 0 m")
    conductivity, capacity = MATERIALS[kind]
    return Layer(thickness_m=thickness, conductivity_w_mk=conductivity, capacity_j_m3k=capacity)


def _table(path: Path, row: str, time: str, names: tuple[str, ...]) -> dict[str, Floats]:
    return table(_root(path), str(path), row, time, names)


def table(
    root: Xml.Element,
    name: str,
    row: str,
    time: str,
    names: tuple[str, ...],
    limits: Mapping[str, tuple[float, float]] = LIMITS,
) -> dict[str, Floats]:
    """Return the columns of a METRo file in order of time, and ``at_s``; what is missing is NaN.

    Args:
        root: its outermost element.
        name: of the file, for errors.
        row: element of a row.
        time: element with its time.
        names: elements to read.
        limits: outside them a value is NaN too; one without limits is taken as it is.

    Raises:
        ConfigurationError: a time is none.
    """
    rows = [(_time(name, r.findtext(time)), [_number(r, n) for n in names]) for r in root.iter(row)]
    rows.sort(key=lambda r: r[0])
    values = np.array([v for _, v in rows], dtype=np.float64).reshape(-1, len(names)).T
    columns = {}
    for column, found in zip(names, values, strict=True):
        low, high = limits.get(column, (-np.inf, np.inf))
        columns[column] = np.where((found >= low) & (found <= high), found, np.nan)
    return columns | {"at_s": np.array([at for at, _ in rows], dtype=np.float64)}


def _number(row: Xml.Element, name: str) -> float:
    try:
        return float(row.findtext(name) or "nan")
    except ValueError:
        return float("nan")


def _time(name: str, text: str | None) -> float:
    try:
        at = datetime.fromisoformat((text or "").strip())
    except ValueError as error:
        raise ConfigurationError(f"{name}: {error}") from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
