"""The service's root: its sets, and the requirement classes that a test holds (docs/sensorthings.md). OGC 18-088 §9.2.1."""

from __future__ import annotations

from typing import Any

from ops_api.sensorthings.core.schema import SETS

_REQ = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
MQTT = f"{_REQ}receive-updates-via-mqtt/receive-updates"
CONFORMANCE: tuple[str, ...] = tuple(
    _REQ + name
    for name in (
        "datamodel",
        "resource-path/resource-path-to-entities",
        "request-data",
    )
)
"""Requirements that are kept."""


def root(base: str, mqtt: str = "") -> dict[str, Any]:
    """Return the root document; ``mqtt``: the broker's address for whoever listens, empty: none."""
    settings: dict[str, Any] = {"conformance": [*CONFORMANCE, *([MQTT] if mqtt else [])]}
    if mqtt:
        settings[MQTT] = {"endpoints": [mqtt]}
    return {"value": [{"name": name, "url": f"{base}/{name}"} for name in SETS], "serverSettings": settings}
