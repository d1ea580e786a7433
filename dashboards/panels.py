"""A thin layer over Grafana's SDK: SQL queries, one function per kind of panel, the grid.

The SDK has no SQL query, lays panels out over the grid's edge and numbers none of
them; this module does these three things and sets the defaults that our boards share.
Every panel's place is explicit: rows of cells from the left, 24 columns wide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import (
    barchart,
    bargauge,
    piechart,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.builders import common as common_builder
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.cog import builder, variants
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.text import TextMode

from dashboards.names import DATASOURCE_TYPE, DATASOURCE_UID, GRID_COLUMNS

DATASOURCE = common.DataSourceRef(type_val=DATASOURCE_TYPE, uid=DATASOURCE_UID)

# Colours that stay apart for people with colour-vision deficiency (Okabe and Ito, 2008).
GOOD, INFO, WARN, BAD, NEUTRAL = "#009E73", "#56B4E9", "#E69F00", "#D55E00", "#999999"


class Sql(variants.Dataquery):
    """One SQL query of a panel, as the PostgreSQL data source reads it.

    ``time_series`` results need a column ``time``; ``table`` results may have any.
    """

    def __init__(self, sql: str, frame: str = "table", ref_id: str = "A") -> None:
        self.sql, self.frame, self.ref_id, self.hide = sql.strip(), frame, ref_id, None

    def to_json(self) -> dict[str, object]:
        """Return the query's part of the dashboard's JSON."""
        return {
            "refId": self.ref_id,
            "datasource": DATASOURCE,
            "rawQuery": True,
            "editorMode": "code",
            "rawSql": self.sql,
            "format": self.frame,
        }


class SqlBuilder(builder.Builder[variants.Dataquery]):
    """Wraps :class:`Sql` the way that the SDK's panel builders want it."""

    def __init__(self, sql: str, frame: str = "table", ref_id: str = "A") -> None:
        self._query = Sql(sql, frame, ref_id)

    def build(self) -> variants.Dataquery:
        """Return the query."""
        return self._query


@dataclass(frozen=True, slots=True)
class Cell:
    """A panel and its size in grid units (24 columns; a row unit is 30 pixels)."""

    panel: Any
    width: int
    height: int


Steps = Sequence[tuple[float | None, str]]
"""Thresholds: (value from which the colour holds, colour); None is the start."""

Meanings = Mapping[str, tuple[str, str]]
"""Text and colour to show by value."""


def thresholds(steps: Steps) -> ThresholdsConfig:
    """Return absolute thresholds."""
    return (
        ThresholdsConfig()
        .mode(dashboard.ThresholdsMode.ABSOLUTE)
        .steps([dashboard.Threshold(value=value, color=color) for value, color in steps])
    )


def mappings(meanings: Meanings) -> list[dashboard.ValueMapping]:
    """Return one value mapping from the table of meanings."""
    results = {
        value: dashboard.ValueMappingResult(text=shown, color=color, index=i)
        for i, (value, (shown, color)) in enumerate(meanings.items())
    }
    return [dashboard.ValueMap(options=results)]


@dataclass(frozen=True, slots=True)
class Way:
    """A link of a number or of a table's column: its words and where it leads.

    Attributes:
        title: what the reader finds there.
        url: as Grafana reads it: ``${web}/bins/${__data.fields.bin:percentencode}``, ``/d/<uid>``.
    """

    title: str
    url: str

    def link(self) -> DashboardLink:
        """Return the link as the SDK builds it."""
        made = DashboardLink(self.title).url(self.url)
        return made.type(dashboard.DashboardLinkType.LINK).target_blank(self.url.startswith("${web}"))

    def to_json(self) -> dict[str, object]:
        """Return the link as Grafana's field configuration has it."""
        return {"title": self.title, "url": self.url, "targetBlank": self.url.startswith("${web}")}


def _common(panel: Any, title: str, description: str, queries: Sequence[tuple[str, str]]) -> Any:
    """Set what every panel has. ``queries``: (SQL, format) pairs, named A, B, …"""
    panel = panel.title(title).description(description).datasource(DATASOURCE)
    for i, (sql, frame) in enumerate(queries):
        panel = panel.with_target(SqlBuilder(sql, frame, chr(ord("A") + i)))
    return panel


def number(
    title: str,
    sql: str,
    *,
    description: str = "",
    unit: str = "short",
    steps: Steps = ((None, INFO),),
    decimals: int | None = None,
    empty: str = "none",
    way: Way | None = None,
    width: int = 4,
    height: int = 4,
) -> Cell:
    """One big number from a query with one row and one numeric column; ``empty`` is what null says, ``way`` where a click leads."""
    panel = (
        _common(stat.Panel(), title, description, [(sql, "table")])
        .unit(unit)
        .thresholds(thresholds(steps))
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.BACKGROUND)
        .reduce_options(common_builder.ReduceDataOptions().calcs(["lastNotNull"]).fields(""))
        .no_value(empty)
    )
    panel = panel if way is None else panel.data_links([way.link()])
    return Cell(panel if decimals is None else panel.decimals(decimals), width, height)


def lines(
    title: str,
    sql: str,
    *,
    unit: str,
    description: str = "",
    steps: Steps = (),
    stacked: bool = False,
    bars: bool = False,
    soft_range: tuple[float | None, float | None] = (None, None),
    names: Mapping[str, str] | None = None,
    width: int = 12,
    height: int = 8,
) -> Cell:
    """Lines (or bars) over time; the query returns ``time`` [, ``metric``], numbers."""
    panel = (
        _common(timeseries.Panel(), title, description, [(sql, "time_series")])
        .unit(unit)
        .draw_style(common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE)
        .line_width(1 if bars else 2)
        .fill_opacity(60 if bars else 0)
        .show_points(common.VisibilityMode.NEVER)
        .span_nulls(False)
        .legend(_legend())
        .tooltip(common_builder.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .no_value("no readings in this period")
    )
    if stacked:
        panel = panel.stacking(common_builder.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if steps:
        style = common_builder.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds(thresholds(steps)).thresholds_style(style)
    low, high = soft_range
    panel = panel if low is None else panel.axis_soft_min(low)
    panel = panel if high is None else panel.axis_soft_max(high)
    for column, shown in (names or {}).items():
        panel = panel.override_by_name(column, [_property("displayName", shown)])
    return Cell(panel, width, height)


def _legend() -> common_builder.VizLegendOptions:
    return (
        common_builder.VizLegendOptions()
        .show_legend(True)
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .calcs([])
    )


def rows(
    title: str,
    sql: str,
    *,
    description: str = "",
    units: Mapping[str, str] | None = None,
    meanings: Mapping[str, Meanings] | None = None,
    unknown: Mapping[str, str] | None = None,
    ways: Mapping[str, Way] | None = None,
    empty: str = "nothing",
    width: int = 12,
    height: int = 8,
) -> Cell:
    """A table; ``units``, ``meanings``, ``unknown`` (what null means) and ``ways`` (where a cell leads) are by column, ``empty`` is what it says without rows."""
    panel = _common(table.Panel(), title, description, [(sql, "table")]).no_value(empty)
    panel = panel.show_header(True).cell_height(common.TableCellHeight.SM).filterable(True)
    properties: dict[str, list[dashboard.DynamicConfigValue]] = {}
    for column, unit in (units or {}).items():
        properties.setdefault(column, []).append(_property("unit", unit))
    for column, meaning in (meanings or {}).items():
        properties.setdefault(column, []).append(_property("mappings", mappings(meaning)))
        properties[column].append(_property("custom.cellOptions", {"type": "color-text"}))
    for column, way in (ways or {}).items():
        properties.setdefault(column, []).append(_property("links", [way.to_json()]))
    for column, words in (unknown or {}).items():
        properties.setdefault(column, []).append(_property("noValue", words))
    for column, values in properties.items():
        panel = panel.override_by_name(column, values)
    return Cell(panel, width, height)


def _property(name: str, value: object) -> dashboard.DynamicConfigValue:
    return dashboard.DynamicConfigValue(id_val=name, value=value)


def columns(
    title: str,
    sql: str,
    *,
    x: str,
    unit: str = "short",
    description: str = "",
    width: int = 12,
    height: int = 8,
) -> Cell:
    """Columns over a category; the query returns the text column ``x`` and numbers."""
    panel = (
        _common(barchart.Panel(), title, description, [(sql, "table")])
        .x_field(x)
        .unit(unit)
        .legend(_legend())
        .tooltip(common_builder.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .no_value("no data")
    )
    return Cell(panel, width, height)


def gauges(
    title: str,
    sql: str,
    *,
    unit: str = "short",
    steps: Steps = ((None, INFO),),
    description: str = "",
    width: int = 8,
    height: int = 8,
) -> Cell:
    """Horizontal bars, one per row of the query (text column, numeric column)."""
    panel = (
        _common(bargauge.Panel(), title, description, [(sql, "table")])
        .unit(unit)
        .thresholds(thresholds(steps))
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .reduce_options(common_builder.ReduceDataOptions().values(True).calcs(["lastNotNull"]).fields(""))
        .no_value("none")
    )
    return Cell(panel, width, height)


def shares(
    title: str, sql: str, *, meanings: Meanings, description: str = "", width: int = 8, height: int = 8
) -> Cell:
    """A pie of counts by state; the query returns one row with a column per state."""
    panel = (
        _common(piechart.Panel(), title, description, [(sql, "table")])
        .reduce_options(common_builder.ReduceDataOptions().values(False).calcs(["lastNotNull"]).fields(""))
        .no_value("none")
    )
    for value, (shown, color) in meanings.items():
        fixed = {"mode": "fixed", "fixedColor": color}
        panel = panel.override_by_name(value, [_property("displayName", shown), _property("color", fixed)])
    return Cell(panel, width, height)


def states(
    title: str, sql: str, *, meanings: Meanings, description: str = "", width: int = 24, height: int = 8
) -> Cell:
    """States over time, one band per metric; the query returns time, metric, value."""
    panel = (
        _common(statetimeline.Panel(), title, description, [(sql, "time_series")])
        .mappings(mappings(meanings))
        .merge_values(True)
        .show_value(common.VisibilityMode.NEVER)
        .fill_opacity(80)
        .legend(_legend())
        .no_value("no readings in this period")
    )
    return Cell(panel, width, height)


def note(markdown: str, *, width: int = GRID_COLUMNS, height: int = 2) -> Cell:
    """A line of text for the reader."""
    panel = text.Panel().title("").transparent(True).mode(TextMode.MARKDOWN).content(markdown)
    return Cell(panel, width, height)
