"""Rules of routes: settings of devices. The device managers set them; operations looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import may, may_change

_WHO: Final = (Role.DEVICES, Role.OPERATIONS)
_READ: Final = may(*_WHO, scope="desk:read")
_PAGE: Final = may(*_WHO, page=True)
_SET: Final = may_change(Role.DEVICES, scope="devices:write")
_SET_PAGE: Final = may_change(Role.DEVICES, page=True)

RULES: Mapping[str, Rule] = {
    "GET /api/v1/fleet/summary": _READ,
    "GET /api/v1/fleet/devices": _READ,
    "GET /api/v1/fleet/devices/{device}": _READ,
    "GET /api/v1/fleet/devices/{device}/versions": _READ,
    "GET /api/v1/fleet/changes": _READ,
    "GET /api/v1/fleet/declared/{kind}": _READ,
    "GET /api/v1/fleet/settings": _READ,
    "POST /api/v1/fleet/settings": _SET,
    "GET /api/v1/fleet/groups": _READ,
    "PUT /api/v1/fleet/groups/{group_id}": _SET,
    "DELETE /api/v1/fleet/groups/{group_id}": _SET,
    "PUT /api/v1/fleet/groups/{group_id}/devices/{device}": _SET,
    "DELETE /api/v1/fleet/groups/{group_id}/devices/{device}": _SET,
    "GET /fleet": _PAGE,
    "GET /fleet/{device}": _PAGE,
    "POST /fleet/{device}/groups": _SET_PAGE,
    "GET /fleet-settings": _PAGE,
    "POST /fleet-settings": _SET_PAGE,
}
