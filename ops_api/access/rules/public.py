"""Rules of routes: what everybody may use. Private devices and homes are left out by the queries, not here."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule
from ops_api.access.rules.words import LOOK_PAGE, OPEN, OPEN_PAGE

RULES: Mapping[str, Rule] = {
    "GET /static": OPEN,
    "GET /api/v1/openapi.json": OPEN,
    "GET /": LOOK_PAGE,  # a resident is shown her homes
    "GET /api": OPEN_PAGE,
    "GET /healthz": OPEN,
    "GET /readyz": OPEN,
    "GET /api/v1/kinds": OPEN,
    "GET /api/v1/kinds/{kind}": OPEN,
    "GET /api/v1/kinds/{kind}/schema": OPEN,
    "GET /api/v1/devices": OPEN,
    "GET /api/v1/devices/{name}": OPEN,
    "GET /api/v1/devices/{name}/latest": OPEN,
    "GET /api/v1/devices/{name}/series": OPEN,
    "GET /api/v1/readings/latest": OPEN,
    "GET /devices/{name}": OPEN_PAGE,
    "GET /api/v1/rules": OPEN,
    "GET /api/v1/rules/{rule_id}": OPEN,
    "GET /rules": OPEN_PAGE,
    "GET /rules/shadow": OPEN_PAGE,
    "GET /rules/late": OPEN_PAGE,
    "GET /api/v1/decisions/{decision_id}": OPEN,
    "GET /api/v1/decisions/{decision_id}/explanation": OPEN,
    "GET /decisions/{decision_id}": OPEN_PAGE,
    "GET /api/v1/shadow": OPEN,
    "GET /api/v1/shadow/alarms": OPEN,
    "GET /api/v1/shadow/diff": OPEN,
    "GET /api/v1/late-windows": OPEN,
    "GET /api/v1/late-windows/{late_window_id}": OPEN,
}
