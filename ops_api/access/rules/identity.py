"""Rules of routes: accounts, sessions and keys."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule

RULES: Mapping[str, Rule] = {}
