"""The service's root: its sets, and the requirement classes that a test holds (docs/sensorthings.md). OGC 18-088 §9.2.1."""

from __future__ import annotations

from typing import Any

from ops_api.sensorthings.core.schema import SETS

_REQ = "http://www.opengis.net/spec/iot_sensing/1.1/req/"
MQTT = f"{_REQ}receive-updates-via-mqtt/receive-updates"
"""Under it stands the broker's address. It is not claimed: only observations are published, and no single properties."""
_ENTITIES = (
    "thing",
    "location",
    "historical-location",
    "datastream",
    "sensor",
    "observed-property",
    "observation",
    "feature-of-interest",
)
_KEPT = {
    "resource-path": ("resource-path-to-entities",),
    "request-data": (
        "order",
        "expand",
        "select",
        "status-code",
        "query-status-code",
        "orderby",
        "top",
        "skip",
        "count",
        "filter",
        "built-in-filter-operations",
        "built-in-query-functions",
        "pagination",
    ),
    "create-update-delete": (
        "create-entity",
        "link-to-existing-entities",
        "deep-insert",
        "deep-insert-status-code",
        "update-entity",
        "update-entity-put",
        "update-entity-jsonpatch",
        "delete-entity",
        "historical-location-auto-creation",
        "historical-location-manual-creation",
    ),
    "data-array": ("data-array",),
}
CONFORMANCE: tuple[str, ...] = (
    *(f"{_REQ}datamodel/{entity}/{what}" for entity in _ENTITIES for what in ("properties", "relations")),
    f"{_REQ}datamodel/entity-control-information/common-control-information",
    *(f"{_REQ}{group}/{name}" for group, names in _KEPT.items() for name in names),
)
"""Requirements that are kept."""


def root(base: str, mqtt: str = "") -> dict[str, Any]:
    """Return the root document; ``mqtt``: the broker's address for whoever listens, empty: none."""
    settings: dict[str, Any] = {"conformance": list(CONFORMANCE)}
    if mqtt:
        settings[MQTT] = {"endpoints": [mqtt]}
    return {"value": [{"name": name, "url": f"{base}/{name}"} for name in SETS], "serverSettings": settings}
