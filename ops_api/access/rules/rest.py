"""Rules of routes: exports and streams."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule
from ops_api.access.rules.words import OPEN, OPEN_PAGE

RULES: Mapping[str, Rule] = {
    "GET /problems": OPEN_PAGE,
    "GET /problems/{slug}": OPEN_PAGE,
    "GET /api/v1/readings/export": Rule(who="look", cost="export"),
    "GET /api/v1/readings/stream": OPEN,
}
