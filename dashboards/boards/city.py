"""City overview: what is wrong now, in numbers, in a list and on the map."""

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import CELSIUS, title
from dashboards.maps import Markers, town_map
from dashboards.meanings import FREEZING, NONE_IS_FINE, NONE_IS_GOOD, SEVERITY
from dashboards.panels import BAD, GOOD, WARN, lines, number, rows

ACTIVE = "select count(*) as alarms from board.alarm where cleared_at is null"

ALARM_LIST = """
select severity, title as alarm, subject, raised_at as since, acknowledged_at is null as "needs an answer", reason
  from board.alarm where cleared_at is null
 order by array_position(array['critical', 'major', 'warning', 'info'], severity), raised_at
 limit 200
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

ALARMS_OVER_TIME = """
select $__timeGroupAlias(raised_at,$__interval), severity as metric, count(*) as value
  from board.alarm where $__timeFilter(raised_at) group by 1, 2 order by 1
"""

TEMPERATURES = """
select $__timeGroupAlias(ts,$__interval), min(surface_temperature_c) as surface, null::real as air
  from road_reading where $__timeFilter(ts) group by 1
union all
select $__timeGroupAlias(ts,$__interval), null, avg(air_temperature_c)
  from weather_reading where $__timeFilter(ts) group by 1 order by 1
"""

COUNTS = """
select kind, devices as installed, seen as "heard in the last hour", devices - seen as silent
  from board.devices_seen(now() - interval '1 hour', now())
"""

BOARD = BoardSpec(
    uid="cityops-city",
    title="City: what is wrong now",
    description="Alarms of homes, roads, bins and devices that nobody has closed, and where they are.",
    page=Page("Operations page", "/ops"),
    sections=(
        Section(
            "",
            (
                (
                    number("Alarms now", ACTIVE, steps=NONE_IS_FINE),
                    number("Severe", f"{ACTIVE} and severity in ('major', 'critical')", steps=NONE_IS_GOOD),
                    number("Unanswered", f"{ACTIVE} and acknowledged_at is null", steps=NONE_IS_FINE),
                    number(
                        "Coldest road now",
                        "select min(surface_temperature_c) from road_latest where ts > now() - interval '2 hours'",
                        description="Lowest surface temperature of any road sensor in the last two hours.",
                        unit=CELSIUS,
                        decimals=1,
                        steps=FREEZING,
                    ),
                    number(
                        "Routes to treat",
                        "select count(*) from board.subject_state where subject_kind = 'route'"
                        " and state ->> 'outcome' in ('treat', 'refer')",
                        steps=NONE_IS_FINE,
                    ),
                    number(
                        "Bins to collect",
                        "select count(*) from board.subject_state where subject_kind = 'bin'"
                        " and (state ->> 'needs_collection')::boolean",
                        steps=((None, GOOD), (50, WARN), (150, BAD)),
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
                    rows("Devices", COUNTS, width=8),
                ),
            ),
        ),
    ),
)
