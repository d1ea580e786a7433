"""Rules of routes: retention, access and erasure."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule
from ops_api.access.rules.words import CODE, CODE_PAGE, PLATFORM, may

RULES: Mapping[str, Rule] = {
    "GET /api/v1/erasures/{erasure_id}": CODE,
    "GET /home/receipts/{erasure_id}": CODE_PAGE,
    "GET /privacy/retention": may(*PLATFORM, page=True),
}
