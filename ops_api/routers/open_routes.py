"""All routers of open data, and the household's Home Assistant."""

from __future__ import annotations

from ops_api.routers import home_assistant, ngsi, ogc, open_data

ROUTERS = (open_data.router, home_assistant.router)
PAGES = (open_data.pages, ogc.router, ngsi.router)
"""Beside the pages two that are none: their standards say themselves how a parameter that is unknown is refused."""
