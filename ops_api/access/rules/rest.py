"""Rules of routes: exports and streams."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule

RULES: Mapping[str, Rule] = {
    "GET /api/v1/readings/export": Rule(who="look", cost="export"),
    "GET /api/v1/readings/stream": Rule(who="open"),
}
