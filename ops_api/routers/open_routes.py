"""All routers of open data, and the household's Home Assistant."""

from __future__ import annotations

from ops_api.routers import home_assistant, ngsi, ogc, open_data

ROUTERS = (open_data.router, ogc.router, ngsi.router, home_assistant.router)
PAGES = (open_data.pages,)
