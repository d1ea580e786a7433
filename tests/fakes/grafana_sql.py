"""Grafana's macros, as the check expands them (:mod:`dashboards.check_macros`)."""

from __future__ import annotations

from dashboards.check_macros import expand as expand
