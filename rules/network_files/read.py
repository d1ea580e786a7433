"""Which kind of file a map is, and its roads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from cityops.errors import ConfigurationError
from devices.registry import Registry, parse
from rules.core.network.barriers import close
from rules.core.network.defaults import NetworkSettings
from rules.core.network.draft import Draft
from rules.network_files.area import Area
from rules.network_files.features import Feature, barriers, features
from rules.network_files.geopackage import links
from rules.network_files.os_open_roads import read_os
from rules.network_files.osm_geojson import read_osm
from rules.network_files.osm_pbf import read_pbf

FORMATS = ("osm-pbf", "osm-geojson", "os-geopackage", "os-geojson", "registry")


@dataclass(frozen=True, slots=True)
class MapFile:
    """What a file holds: a draft to be built, or a registry whose network is built already.

    Attributes:
        kind: one of ``FORMATS``.
        content: what was read.
        attribution: what the file says of its licence, empty where it says nothing.
    """

    kind: str
    content: Draft | Registry
    attribution: str = ""


def read_map(
    path: Path, settings: NetworkSettings, kind: str | None = None, area: Area | None = None
) -> MapFile:
    """Return what is in a file.

    Args:
        path: the file.
        settings: which roads count.
        kind: one of ``FORMATS``; found out where None.
        area: only roads that touch it; all where None.

    Raises:
        ConfigurationError: it can't be read, or is of no kind that is known, in words.
    """
    if kind is not None and kind not in FORMATS:
        raise ConfigurationError(f"format is {kind!r}; allowed: {', '.join(FORMATS)}")
    if not path.is_file():
        raise ConfigurationError(f"map {path} can't be read: there is no such file (a folder is no map)")
    name = path.name.lower()
    if kind == "osm-pbf" or (kind is None and name.endswith((".pbf", ".osm", ".osm.bz2", ".osm.gz"))):
        return MapFile(
            "osm-pbf", read_pbf(path, service=settings.service, area=area, gritter=settings.gritter)
        )
    if kind == "os-geopackage" or (kind is None and name.endswith(".gpkg")):
        found = (f for f in links(path, area) if area is None or area.touches(f.line))
        return MapFile("os-geopackage", read_os(found, restricted=settings.restricted))
    return _json(path, settings, kind, area)


def _json(path: Path, settings: NetworkSettings, kind: str | None, area: Area | None) -> MapFile:
    try:
        raw = path.read_bytes()
        document = msgspec.json.decode(raw)
    except OSError as error:
        raise ConfigurationError(f"map {path} can't be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"map {path} is no JSON: {error}") from error
    if kind == "registry" or (kind is None and isinstance(document, dict) and "features" not in document):
        return MapFile("registry", parse(raw))
    found = [f for f in features(document, path.name) if area is None or area.touches(f.line)]
    attribution = " ".join(str(document[k]) for k in ("attribution", "license") if k in document)
    read = _collection(path, settings, kind or _kind(found, path), found, attribution)
    if read.kind != "osm-geojson" or not isinstance(read.content, Draft):
        return read
    return replace(read, content=close(read.content, barriers(document, path.name), settings.gritter))


def _kind(found: list[Feature], path: Path) -> str:
    names: set[Any] = {name for feature in found[:100] for name in feature.properties}
    if names & {"startNode", "start_node"}:
        return "os-geojson"
    if "highway" in names:
        return "osm-geojson"
    raise ConfigurationError(
        f"map {path}: its {len(found)} lines have neither highway (OpenStreetMap) nor startNode (OS Open Roads)"
    )


def _collection(
    path: Path, settings: NetworkSettings, kind: str, found: list[Feature], attribution: str
) -> MapFile:
    if not found:
        raise ConfigurationError(f"map {path} has no lines in the area asked for")
    if kind == "os-geojson":
        return MapFile(kind, read_os(found, restricted=settings.restricted), attribution)
    return MapFile(kind, read_osm(found, service=settings.service), attribution)
