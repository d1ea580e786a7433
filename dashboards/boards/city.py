"""City overview: what is wrong now, in numbers, in a list and on the map. For a wall: `?kiosk` hides Grafana's frame."""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import CELSIUS, title
from dashboards.choices import ALARM_PAGE, ALARMS, AREA
from dashboards.maps import Markers, town_map
from dashboards.meanings import FREEZING, NONE_IS_FINE, NONE_IS_GOOD, SEVERITY
from dashboards.panels import BAD, GOOD, WARN, Way, lines, number, rows
from dashboards.periods import readings

OF_AREA = "split_part(a.rule_id, '.', 1) in ($area)"
ACTIVE = f"select count(*) as alarms from board.alarm a where a.cleared_at is null and {OF_AREA}"

ALARM_LIST = f"""
select a.severity, a.title as alarm, a.subject, a.raised_at as since, a.acknowledged_at is null as "needs an answer", a.reason,
       a.alarm_id as number
  from board.alarm a where a.cleared_at is null and {OF_AREA}
 order by array_position(array['critical', 'major', 'warning', 'info'], a.severity), a.raised_at
 limit 200
"""

CHANGED = f"""
select x.at as "time", x.what, a.severity, a.title as alarm, a.alarm_id as number
  from (select alarm_id, raised_at as at, 'raised' as what from board.alarm where raised_at > now() - interval '1 hour'
        union all
        select alarm_id, cleared_at, 'cleared' from board.alarm where cleared_at > now() - interval '1 hour'
        union all
        select alarm_id, acknowledged_at, 'in hand' from board.alarm where acknowledged_at > now() - interval '1 hour') x
  join board.alarm a using (alarm_id) where {OF_AREA} order by x.at desc limit 100
"""

PLACES = """
select d.longitude_deg as longitude, d.latitude_deg as latitude, a.severity, a.title as alarm, a.raised_at as since
  from board.alarm_member m join board.alarm a using (alarm_id)
  join board.device d on m.kind = 'device' and d.name = m.subject
 where m.left_at is null and d.latitude_deg is not null
union all
select b.longitude_deg, b.latitude_deg, a.severity, a.title, a.raised_at
  from board.alarm a join bin_site b on a.subject_kind = 'bin' and b.bin_id = a.subject
 where a.cleared_at is null
union all
select (n.longitude_deg + m.longitude_deg) / 2, (n.latitude_deg + m.latitude_deg) / 2, a.severity, a.title, a.raised_at
  from board.alarm_member g join board.alarm a using (alarm_id)
  join road_segment s on g.kind = 'segment' and s.segment_id = g.subject
  join road_node n on n.node_id = s.from_node join road_node m on m.node_id = s.to_node
 where g.left_at is null
"""

ALARMS_OVER_TIME = f"""
select $__timeGroupAlias(a.raised_at,$__interval), a.severity as metric, count(*) as value
  from board.alarm a where $__timeFilter(a.raised_at) and {OF_AREA} group by 1, 2 order by 1
"""

TEMPERATURES = f"""
select $__timeGroupAlias(r.ts,$__interval), min(r.surface) as surface, null::real as air
  from {readings("road", {"surface": ("min", "surface_temperature_c")})} group by 1
union all
select $__timeGroupAlias(r.ts,$__interval), null, avg(r.air)
  from {readings("weather", {"air": ("avg", "air_temperature_c")})} group by 1 order by 1
"""

COUNTS = """
select kind, devices as installed, seen as "heard in the last hour", devices - seen as silent
  from board.devices_seen(now() - interval '1 hour', now())
"""

WINTER = Way("Winter: which routes tonight", "/d/cityops-winter")

BOARD = BoardSpec(
    uid="cityops-city",
    title="City: what is wrong now",
    description="Alarms of homes, roads, bins and devices that nobody has closed, and where they are.",
    page=Page("Operations page", "/ops"),
    variables=(AREA,),
    alarms_of=("route", "segment", "bin", "device", "kind", "town"),
    incidents_of=(),
    closures=True,
    treatments=True,
    related=(
        ("cityops-alarms", "Alarms and answers"),
        ("cityops-winter", "Winter tonight"),
        ("cityops-bins", "Bins today"),
        ("cityops-platform", "Does everything arrive"),
    ),
    sections=(
        Section(
            "",
            (
                (
                    number("Alarms now", ACTIVE, steps=NONE_IS_FINE, way=ALARMS),
                    number(
                        "Severe",
                        f"{ACTIVE} and a.severity in ('major', 'critical')",
                        steps=NONE_IS_GOOD,
                        way=ALARMS,
                    ),
                    number(
                        "Unanswered",
                        f"{ACTIVE} and a.acknowledged_at is null",
                        steps=NONE_IS_FINE,
                        way=ALARMS,
                    ),
                    number(
                        "Coldest road now",
                        "select min(surface_temperature_c) from road_latest where ts > now() - interval '2 hours'",
                        description="Lowest surface temperature of any road sensor in the last two hours.",
                        unit=CELSIUS,
                        decimals=1,
                        steps=FREEZING,
                        empty="no road sensor",
                        way=WINTER,
                    ),
                    number(
                        "Routes to treat",
                        "select count(*) from board.subject_state where subject_kind = 'route'"
                        " and state ->> 'outcome' in ('treat', 'refer')",
                        steps=NONE_IS_FINE,
                        way=WINTER,
                    ),
                    number(
                        "Bins to collect",
                        "select count(*) from board.subject_state where subject_kind = 'bin'"
                        " and (state ->> 'needs_collection')::boolean",
                        steps=((None, GOOD), (50, WARN), (150, BAD)),
                        way=Way("Bins: which to collect today", "/d/cityops-bins"),
                    ),
                ),
            ),
        ),
        Section(
            "What and where",
            (
                (
                    rows(
                        "Open alarms, the most severe first",
                        ALARM_LIST,
                        meanings={"severity": SEVERITY},
                        units={"since": "dateTimeFromNow"},
                        ways={"alarm": ALARM_PAGE, "number": ALARM_PAGE},
                        empty="nothing is wrong",
                        width=14,
                        height=14,
                    ),
                    town_map(
                        "Where",
                        [Markers("Alarms", PLACES, color_by="severity", size=9)],
                        description="Homes are not on the map: an alarm in a home has no place here.",
                        meanings=SEVERITY,
                        width=10,
                        height=14,
                    ),
                ),
            ),
        ),
        Section(
            "The last day",
            (
                (
                    lines("Alarms raised", ALARMS_OVER_TIME, unit="short", bars=True, stacked=True, width=8),
                    lines(
                        "Coldest road, mean air",
                        TEMPERATURES,
                        unit=CELSIUS,
                        steps=((None, "transparent"), (0, BAD)),
                        names={
                            "surface": f"{title('road', 'surface_temperature_c')}, coldest",
                            "air": f"{title('weather', 'air_temperature_c')}, mean",
                        },
                        width=8,
                    ),
                    rows(
                        "What changed in the last hour",
                        CHANGED,
                        meanings={"severity": SEVERITY},
                        ways={"alarm": ALARM_PAGE, "number": ALARM_PAGE},
                        empty="nothing changed in the last hour",
                        width=8,
                    ),
                ),
                (
                    rows(
                        "Devices",
                        COUNTS,
                        ways={"silent": Way("Fleet: which devices need a look", "/d/cityops-fleet")},
                        empty="no devices registered",
                        width=24,
                        height=6,
                    ),
                ),
            ),
        ),
    ),
)
