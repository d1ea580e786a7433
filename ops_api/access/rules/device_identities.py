"""Rules of routes: how devices come to be known. What a device asks for carries its own proof, which the route checks."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.identity import FRESH_S
from ops_api.access.rules.words import (
    LOOK_PAGE,
    OPEN,
    OPEN_PAGE,
    OPEN_WRITE,
    OPEN_WRITE_PAGE,
    may,
    may_change,
)

_LOOK = may(Role.DEVICES, Role.OPERATIONS, scope="devices:write")
_CHANGE = may_change(Role.DEVICES, scope="devices:write")
_LOOK_PAGE = may(Role.DEVICES, Role.OPERATIONS, page=True)
_CHANGE_PAGE = may_change(Role.DEVICES, page=True)
_LABEL = may_change(Role.DEVICES, scope="devices:write", fresh_s=FRESH_S)
_LABEL_PAGE = may_change(Role.DEVICES, page=True, fresh_s=FRESH_S)
"""A label lets a device in, whoever has it."""

RULES: Mapping[str, Rule] = {
    "POST /api/v1/claims": OPEN_WRITE,
    "POST /api/v1/devices/{name}/credential": OPEN_WRITE,
    "GET /api/v1/identities": _LOOK,
    "POST /api/v1/identities": _CHANGE,
    "GET /api/v1/identities/{name}": _LOOK,
    "POST /api/v1/identities/{name}/label": _LABEL,
    "POST /api/v1/identities/{name}/revoke": _CHANGE,
    "POST /api/v1/identities/{name}/quarantine": _CHANGE,
    "POST /api/v1/identities/{name}/release": _LABEL,
    "POST /api/v1/identities/{name}/retire": _CHANGE,
    "GET /devices": _LOOK_PAGE,
    "POST /devices": _CHANGE_PAGE,
    "POST /devices/labels": _LABEL_PAGE,
    "GET /devices/{name}/identity": _LOOK_PAGE,
    "POST /devices/{name}/label": _LABEL_PAGE,
    "POST /devices/{name}/revoke": _CHANGE_PAGE,
    "POST /devices/{name}/quarantine": _CHANGE_PAGE,
    "POST /devices/{name}/release": _LABEL_PAGE,
    "POST /devices/{name}/retire": _CHANGE_PAGE,
    "GET /claim": LOOK_PAGE,  # a resident is offered her homes
    "POST /claim": OPEN_WRITE_PAGE,
    "GET /security": OPEN_PAGE,
    "GET /.well-known/security.txt": OPEN,
}
