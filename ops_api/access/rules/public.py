"""Rules of routes: what everybody may use."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule

RULES: Mapping[str, Rule] = {}
