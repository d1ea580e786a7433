"""Maps that need no tile server: markers over the town's own streets.

Every base map that Grafana ships fetches tiles from the internet. Boards here start
from one transparent tile and draw the streets from the registry, so that they work in
a closed network. Where the council has a tile server, ``default_baselayer_config`` in
grafana.ini and the panel's base layer are changed by hand (docs/deploy.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common as common_builder
from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode

from dashboards.panels import NEUTRAL, Cell, Meanings, Steps, _common, mappings, thresholds

TRANSPARENT_TILE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

STREETS = """
select (p.point ->> 0)::double precision as longitude, (p.point ->> 1)::double precision as latitude,
       s.street
  from road_segment s cross join lateral jsonb_array_elements(s.geometry) as p(point)
"""
"""The bends of all streets: drawn as small dots they show the town's plan."""


@dataclass(frozen=True, slots=True)
class Markers:
    """One layer: a query with ``longitude``, ``latitude`` and what to show.

    Attributes:
        name: legend and layer name.
        sql: the query.
        color_by: column that gives the colour through thresholds or meanings, or None.
        color: fixed colour where ``color_by`` is None.
        size: diameter [px].
    """

    name: str
    sql: str
    color_by: str | None = None
    color: str = NEUTRAL
    size: int = 6


def _layer(markers: Markers, ref_id: str, *, tooltip: bool) -> common_builder.MapLayerOptions:
    color = {"fixed": markers.color} if markers.color_by is None else {"field": markers.color_by}
    style = {
        "size": {"fixed": markers.size, "min": 2, "max": 15},
        "color": color,
        "opacity": 0.9 if tooltip else 0.4,
        "symbol": {"mode": "fixed", "fixed": "img/icons/marker/circle.svg"},
    }
    place = (
        common_builder.FrameGeometrySource()
        .mode(FrameGeometrySourceMode.COORDS)
        .latitude("latitude")
        .longitude("longitude")
    )
    return (
        common_builder.MapLayerOptions()
        .type("markers")
        .name(markers.name)
        .config({"showLegend": tooltip, "style": style})
        .location(place)
        .filter_data({"id": "byRefId", "options": ref_id})
        .tooltip(tooltip)
    )


def town_map(
    title: str,
    layers: Sequence[Markers],
    *,
    description: str = "",
    unit: str = "short",
    steps: Steps = (),
    meanings: Meanings | None = None,
    width: int = 12,
    height: int = 16,
) -> Cell:
    """A map that fits itself to the streets and the markers over them."""
    streets = Markers("Streets", STREETS, size=2)
    queries = [(m.sql, "table") for m in (streets, *layers)]
    drawn = [_layer(streets, "A", tooltip=False)]
    drawn += [_layer(m, chr(ord("B") + i), tooltip=True) for i, m in enumerate(layers)]
    blank = (
        common_builder.MapLayerOptions()
        .type("xyz")
        .name("No base map")
        .config({"url": TRANSPARENT_TILE, "attribution": ""})
    )
    panel = (
        _common(geomap.Panel(), title, description, queries)
        .basemap(blank)
        .layers(drawn)
        .view(geomap.MapViewConfig().id("fit").all_layers(True).padding(10))
        .controls(geomap.ControlsOptions().show_zoom(True).mouse_wheel_zoom(False).show_scale(True))
        .unit(unit)
    )
    if steps:
        panel = panel.thresholds(thresholds(steps))
    if meanings is not None:
        panel = panel.mappings(mappings(meanings))
    return Cell(panel, width, height)
