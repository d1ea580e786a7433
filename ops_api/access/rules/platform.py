"""Rules of routes: the platform's own state."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule

RULES: Mapping[str, Rule] = {}
