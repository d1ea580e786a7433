"""Rules of routes: updates over the air. Who runs the platform sees them, the device manager alone acts."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import CODE, PLATFORM, may, may_change

_READ = may(*PLATFORM, scope="desk:read")
_PAGE = may(*PLATFORM, page=True)
_WRITE = may_change(Role.DEVICES, scope="devices:write")
_WRITE_PAGE = may_change(Role.DEVICES, page=True)

RULES: Mapping[str, Rule] = {
    "GET /api/v1/fleet/updates": _READ,
    "POST /api/v1/fleet/updates": _WRITE,
    "GET /api/v1/fleet/updates/{rollout_id}": _READ,
    "GET /api/v1/fleet/updates/{rollout_id}/devices": _READ,
    "POST /api/v1/fleet/updates/{rollout_id}/halt": _WRITE,
    "POST /api/v1/fleet/updates/{rollout_id}/resume": _WRITE,
    "POST /api/v1/fleet/updates/{rollout_id}/cancel": _WRITE,
    "GET /api/v1/fleet/bundles": _READ,
    "PUT /api/v1/fleet/pins/{device}": _WRITE,
    "DELETE /api/v1/fleet/pins/{device}": _WRITE,
    "GET /fleet/updates": _PAGE,
    "GET /fleet/updates/{rollout_id}": _PAGE,
    "POST /fleet/updates/{rollout_id}/{what}": _WRITE_PAGE,
    # Code that is public and signed, at an address nobody guesses: devices that are about to fetch it have no session.
    "GET /firmware/bundles/{bundle_id}": CODE,
}
