"""A board: rows of cells on the grid, numbered panels, links, variables, annotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardLink,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from dashboards.names import GRID_COLUMNS, TAG
from dashboards.panels import BAD, DATASOURCE, INFO, NEUTRAL, WARN, Cell, SqlBuilder
from dashboards.zone import ZONE

WEB_URL = "http://127.0.0.1:8080"
"""Where the web pages are until the database says it (``board.web_url()``)."""

NONE_YET = "none yet"
"""What a choice offers where there is nothing to choose from."""

# Marks are of what reaches into the period, whenever it began.
ALARMS_SQL = """
select raised_at as time, coalesce(cleared_at, now()) as timeend, title as text, severity || ',' || rule_id as tags
  from board.alarm
 where raised_at <= $__timeTo()::timestamptz and coalesce(cleared_at, 'infinity') >= $__timeFrom()::timestamptz
   and subject_kind in ({kinds}) and severity in ('major', 'critical')
 order by raised_at desc limit 200
"""

CLOSURES_SQL = """
select begins as time, coalesce(ended_at, now()) as timeend, 'Closed: ' || streets as text, 'closed road' as tags
  from board.closures($__timeFrom(), $__timeTo()) order by begins desc limit 200
"""

INCIDENTS_SQL = """
select opened_at as time, coalesce(closed_at, now()) as timeend, 'Incident ' || incident_id || ': ' || title as text,
       severity || ',incident' as tags
  from board.incident
 where opened_at <= $__timeTo()::timestamptz and coalesce(closed_at, 'infinity') >= $__timeFrom()::timestamptz
   and state <> 'merged' and {services} order by opened_at desc limit 200
"""

TREATMENTS_SQL = """
select t.began_at as time, t.ended_at as timeend, coalesce(r.label, 'No route') || ' spread by ' || t.lorry as text,
       'treatment,' || t.lorry as tags
  from board.treatment_runs($__timeFrom()::timestamptz, $__timeTo()::timestamptz) t left join gritting_route r using (route_id)
 where {routes} order by t.began_at desc limit 300
"""
"""Runs of gritters: from the first to the last stretch of a route in a night."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading ("" for none) and lines of cells below it, each line from the left."""

    heading: str
    lines: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Page:
    """Where a board leads in the web pages."""

    title: str
    path: str


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """What a board module declares; :func:`assemble` makes Grafana's board of it.

    Attributes:
        uid: stable identity, also the file name.
        title, description: for the reader.
        sections: the panels.
        page: link into the web pages, or None.
        period: default period, e.g. ``now-24h``.
        refresh: how often panels ask again.
        variables: query variables beside ``web``.
        alarms_of: subject kinds whose severe alarms are marked on the graphs.
        incidents_of: services whose incidents are marked (``roads``, ``bins`` …); None: none are, empty: all are.
        closures: whether closed roads are marked.
        treatments: whether gritters' runs are marked on the graphs; of the board's routes where it has ``route``.
        related: boards that a reader goes on to, with the period and the choices kept: uid and words.
    """

    uid: str
    title: str
    description: str
    sections: Sequence[Section]
    page: Page | None = None
    period: str = "now-24h"
    refresh: str = "1m"
    variables: Sequence[Any] = ()
    alarms_of: Sequence[str] = ()
    incidents_of: Sequence[str] | None = None
    closures: bool = False
    treatments: bool = False
    related: Sequence[tuple[str, str]] = ()


def choice(name: str, label: str, value: str, source: str, said: str = "") -> QueryVariable:
    """A variable with several values; starts with all of them.

    It always offers one: without any, Grafana writes ``in ()`` for all of them, which no database can read.

    Args:
        name: of the variable.
        label: for the reader.
        value: SQL of a value.
        source: SQL of where values are from, after ``from``.
        said: SQL of a value's words, where they differ.
    """
    sql = (
        f"select coalesce(c.said, '{NONE_YET}') as __text, coalesce(c.value, '{NONE_YET}') as __value\n"  # noqa: S608
        f"  from (select 1) one left join (select distinct {value} as value, {said or value} as said from {source}) c on true\n"
        " order by 1"
    )
    everything = dashboard.VariableOption(selected=True, text="All", value="$__all")
    return (
        _question(name, label, sql)
        .multi(True)
        .include_all(True)
        .current(everything)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )


def _question(name: str, label: str, sql: str) -> QueryVariable:
    asked = QueryVariable(name).label(label).datasource(DATASOURCE).query(sql).definition(sql)
    return asked.refresh(dashboard.VariableRefresh.ON_DASHBOARD_LOAD)


def assemble(spec: BoardSpec) -> dashboard.Dashboard:
    """Return the board with every panel placed and numbered.

    Raises:
        ValueError: a line of cells is wider than the grid.
    """
    board = (
        Dashboard(spec.title)
        .uid(spec.uid)
        .description(spec.description)
        .tags([TAG])
        .timezone(ZONE)
        .readonly()
        .time(spec.period, "now")
        .refresh(spec.refresh)
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .variables([*spec.variables, _web_variable()])
        .links(_links(spec))
    )
    if notes := _annotations(spec):
        board = board.annotations(notes)
    _place(board, spec)
    built = board.build()
    for number, panel in enumerate(built.panels or [], start=1):
        panel.id_val = number
    return built


def _place(board: Dashboard, spec: BoardSpec) -> None:
    y = 0
    for section in spec.sections:
        if section.heading:
            row = Row(section.heading).grid_pos(dashboard.GridPos(x=0, y=y, w=GRID_COLUMNS, h=1))
            board.with_row(row)
            y += 1
        for cells in section.lines:
            y += _place_line(board, spec.uid, cells, y)


def _place_line(board: Dashboard, uid: str, cells: Sequence[Cell], y: int) -> int:
    """Put the cells at height ``y``; return the height of the line."""
    x = 0
    for cell in cells:
        if x + cell.width > GRID_COLUMNS:
            raise ValueError(f"board {uid}: a line of panels is wider than {GRID_COLUMNS} columns")
        place = dashboard.GridPos(x=x, y=y, w=cell.width, h=cell.height)
        board.with_panel(cell.panel.grid_pos(place))
        x += cell.width
    return max(cell.height for cell in cells)


def _web_variable() -> QueryVariable:
    now = dashboard.VariableOption(selected=True, text=WEB_URL, value=WEB_URL)
    hidden = dashboard.VariableHide.HIDE_VARIABLE
    return _question("web", "Web pages at", "select board.web_url()").hide(hidden).current(now)


def _links(spec: BoardSpec) -> list[Builder[dashboard.DashboardLink]]:
    others = DashboardLink("Boards").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    links: list[Builder[dashboard.DashboardLink]] = [others.as_dropdown(True).keep_time(True)]
    for uid, words in spec.related:
        to = DashboardLink(words).type(dashboard.DashboardLinkType.LINK).url(f"/d/{uid}")
        links.append(to.icon("dashboard").keep_time(True).include_vars(True))
    if spec.page is not None:
        page = DashboardLink(spec.page.title).type(dashboard.DashboardLinkType.LINK)
        links.append(page.url("${web}" + spec.page.path).icon("external link").target_blank(True))
    return links


def _annotations(spec: BoardSpec) -> list[Builder[dashboard.AnnotationQuery]]:
    notes: list[Builder[dashboard.AnnotationQuery]] = []
    if spec.alarms_of:
        notes.append(_note("Severe alarms", ALARMS_SQL.format(kinds=_quoted(spec.alarms_of)), BAD))
    if spec.incidents_of is not None:
        services = f"services && array[{_quoted(spec.incidents_of)}]" if spec.incidents_of else "true"
        notes.append(_note("Incidents", INCIDENTS_SQL.format(services=services), WARN))
    if spec.closures:
        notes.append(_note("Closed roads", CLOSURES_SQL, NEUTRAL))
    if spec.treatments:
        chosen = any("gritting_route" in str(v.build().query) for v in spec.variables)
        routes = "t.route_id in ($route)" if chosen else "true"
        notes.append(_note("Gritters spreading", TREATMENTS_SQL.format(routes=routes), INFO))
    return notes


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _note(name: str, sql: str, color: str) -> AnnotationQuery:
    target = SqlBuilder(sql, "table", "Anno")
    return AnnotationQuery().name(name).datasource(DATASOURCE).enable(True).icon_color(color).target(target)
