"""Rules of routes: open data, for everybody, with nothing of a household in it; and a household's own Home Assistant."""

from __future__ import annotations

from collections.abc import Mapping

from ops_api.access.model import Rule

_OPEN = Rule(who="open")
RULES: Mapping[str, Rule] = {
    "GET /open": Rule(who="open", page=True),
    "GET /api/v1/homes/{code}/home-assistant": Rule(who="home"),
    "GET /open/catalogue.jsonld": _OPEN,
    "GET /open/{dataset}.csv": _OPEN,
    "GET /open/{dataset}.geojson": _OPEN,
    "GET /open/datex/road-weather.xml": _OPEN,
    "GET /open/datex/sites.xml": _OPEN,
    "GET /ngsi-ld/context.jsonld": _OPEN,
    "GET /ngsi-ld/v1/entities": _OPEN,
    "GET /ngsi-ld/v1/entities/{urn}": _OPEN,
    "GET /ogc": _OPEN,
    "GET /ogc/": _OPEN,
    "GET /ogc/api": _OPEN,
    "GET /ogc/conformance": _OPEN,
    "GET /ogc/collections": _OPEN,
    "GET /ogc/collections/{dataset}": _OPEN,
    "GET /ogc/collections/{dataset}/items": _OPEN,
    "GET /ogc/collections/{dataset}/items/{item_id}": _OPEN,
}
