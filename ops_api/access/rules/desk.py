"""Rules of routes: alarms, work, incidents and the operations centre."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule

RULES: Mapping[str, Rule] = {}
