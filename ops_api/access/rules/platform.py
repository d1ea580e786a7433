"""Rules of routes: the platform's own state. What it refused carries what devices sent, so it is for who runs it."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Role, Rule
from ops_api.access.rules.words import LOOK, LOOK_PAGE, PLATFORM, may, may_change, shown

_READ = may(*PLATFORM, scope="desk:read")
_PEOPLE = may(*PLATFORM, scope="desk:read", people=True)
_PEOPLE_PAGE = may(*PLATFORM, page=True, people=True)
"""What devices sent, homes' among them, and who is told."""
_WRITE = may_change(Role.DEVICES, Role.ADMIN, scope="desk:write")

RULES: Mapping[str, Rule] = {
    "GET /api/v1/status": LOOK,
    "GET /api/v1/completeness": LOOK,
    "GET /api/v1/gaps": _READ,
    "GET /api/v1/database": _READ,
    "GET /health": LOOK_PAGE,
    "GET /metrics": shown(*PLATFORM, scope="desk:read"),  # the route: who is near, or has a key
    "GET /api/v1/dead-letters": _PEOPLE,
    "GET /api/v1/dead-letters/not-kept": _PEOPLE,
    "GET /api/v1/dead-letters/{dead_letter_id}": _PEOPLE,
    "GET /dead-letters": _PEOPLE_PAGE,
    "GET /api/v1/ingest/stats": _READ,
    "GET /api/v1/notifications": _PEOPLE,
    "GET /api/v1/notifications/state": _PEOPLE,
    "GET /notifications": _PEOPLE_PAGE,
    "POST /api/v1/notifications/test": _WRITE,
    # That it was read is written down by the function that reads it (routines/audit.sql).
    "GET /api/v1/audit": may(Role.ADMIN, scope="audit:read"),
    "GET /audit": may(Role.ADMIN, page=True),
    # A LoRaWAN server with the token of its source, which the route checks. Each event is a row of the inbox, and no line of the audit.
    "POST /lorawan/{source}": Rule(who="code", cost="machine"),
    "GET /api/v1/webhooks": _PEOPLE,
    "POST /api/v1/webhooks": _WRITE,
    "DELETE /api/v1/webhooks/{webhook_id}": _WRITE,
}
