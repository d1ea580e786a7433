"""Rules of routes: SensorThings. Everybody reads what is open; the route shows a resident her own."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule
from ops_api.access.rules.words import OPEN

RULES: Mapping[str, Rule] = {
    f"{method} /sta/v1.1{path}": OPEN for method in ("GET", "OPTIONS") for path in ("", "/{path:path}")
}
