"""Winter: which routes tonight and when, and why; surfaces, weather, gritters."""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import CELSIUS, HUMIDITY, field, title, unit
from dashboards.choices import ROUTE, ROUTE_PAGE
from dashboards.maps import Markers, town_map
from dashboards.meanings import FREEZING, NONE_IS_FINE, NONE_IS_GOOD, OUTCOME, ROUTE_STATUS, SURFACE, by_code
from dashboards.panels import BAD, INFO, lines, number, rows, states
from dashboards.periods import readings

STATE = "board.subject_state where subject_kind = '{kind}'"

ROUTES = """
select r.label as route,
       case when (s.state ->> 'overdue')::boolean then 'overdue' else s.state ->> 'status' end as status,
       (s.state ->> 'treat_by')::timestamptz as "treat by",
       (s.state ->> 'spread_rate_g_m2')::double precision as "salt g/m²",
       (s.state ->> 'min_surface_temperature_c')::double precision as coldest,
       s.state ->> 'coldest_segment' as "coldest segment",
       (s.state ->> 'segments_to_treat')::int as "to treat", (s.state ->> 'treated_segments')::int as treated,
       (s.state ->> 'treated_until')::timestamptz as "holds until", (s.state ->> 'segments')::int as segments,
       (s.state ->> 'length_km')::double precision as length, s.state ->> 'reason' as reason, r.route_id as id
  from gritting_route r left join board.subject_state s on s.subject_kind = 'route' and s.subject = r.route_id
 where r.route_id in ($route)
 order by (s.state ->> 'overdue')::boolean desc nulls last,
       array_position(array['to_treat', 'under_way', 'refer', 'treated', 'watch', 'none'], s.state ->> 'status'),
       r.priority, r.label
"""

DECISIONS = """
select d.decided_at as "time", r.label as route, d.outcome as decision,
       (d.result ->> 'min_surface_temperature_c')::double precision as coldest, d.reason,
       d.rule_id || ' v' || d.rule_version as rule, r.route_id as id
  from board.decision d join gritting_route r on d.subject_kind = 'route' and d.subject = r.route_id
 where $__timeFilter(d.decided_at) and d.subject in ($route) order by d.decided_at desc limit 500
"""

COLDEST = """
select g.segment_id as segment, g.street, s.state ->> 'state' as surface,
       (s.state ->> 'surface_temperature_c')::double precision as temperature,
       (s.state ->> 'dew_point_c')::double precision as "dew point", s.state ->> 'source' as source,
       g.bridge, r.label as route, g.route_id as id
  from road_segment g join board.subject_state s on s.subject_kind = 'segment' and s.subject = g.segment_id
  left join gritting_route r using (route_id)
 where g.route_id in ($route) and s.state ->> 'surface_temperature_c' is not null
 order by temperature, segment limit 30
"""

SEGMENTS_ON_MAP = """
select (p.point ->> 0)::double precision as longitude, (p.point ->> 1)::double precision as latitude,
       s.state ->> 'state' as surface, g.street, g.segment_id as segment,
       (s.state ->> 'surface_temperature_c')::double precision as temperature
  from road_segment g join board.subject_state s on s.subject_kind = 'segment' and s.subject = g.segment_id
  cross join lateral jsonb_array_elements(g.geometry) as p(point)
 where g.route_id in ($route)
"""

SENSORS_ON_MAP = """
select d.longitude_deg as longitude, d.latitude_deg as latitude, d.label as sensor,
       l.surface_temperature_c as surface, l.ts as measured
  from road_latest l join board.device d using (device_id) where d.latitude_deg is not null
"""

GRITTERS_ON_MAP = """
select l.longitude_deg as longitude, l.latitude_deg as latitude, d.label as gritter, l.speed_m_s as speed,
       l.spread_rate_g_m2 as spreading, l.ts as "at"
  from gritter_latest l join board.device d using (device_id)
"""

SURFACE_RANGE = f"""
select $__timeGroupAlias(r.ts,$__interval), min(r.coldest) as coldest,
       percentile_cont(0.5) within group (order by r.middle) as middle, min(r.air) as "coldest air"
  from {
    readings(
        "road",
        {
            "coldest": ("min", "surface_temperature_c"),
            "middle": ("avg", "surface_temperature_c"),
            "air": ("min", "air_temperature_c"),
        },
    )
} join road_segment g using (device_id)
 where g.route_id in ($route) group by 1 order by 1
"""

BY_SENSOR = f"""
select $__timeGroupAlias(ts,$__interval), street as metric, min(coldest) as value
  from (select r.ts, r.coldest, g.street
          from {readings("road", {"coldest": ("min", "surface_temperature_c")})} join road_segment g using (device_id)
         where g.route_id in ($route)
           and g.device_id in (select device_id from road_latest order by surface_temperature_c limit 10)) coldest
 group by 1, 2 order by 1, 2
"""

STATE_DAYS = 3
MEASURED_STATES = f"""
select $__timeGroupAlias(r.ts,'30m'), g.street || ' (' || g.segment_id || ')' as metric, max(r.surface_state) as value
  from road_reading r join road_segment g using (device_id)
 where $__timeFilter(r.ts) and r.ts > $__timeTo()::timestamptz - interval '{STATE_DAYS} days'
   and g.route_id in ($route) and r.surface_state is not null
   and g.device_id in (select device_id from road_latest order by surface_temperature_c limit 15)
 group by 1, 2 order by 1, 2
"""

MOISTURE = f"""
select $__timeGroupAlias(r.ts,$__interval), avg(r.humidity) as humidity, max(r.film) as film
  from {readings("road", {"humidity": ("avg", "humidity_pct"), "film": ("max", "water_film_mm")})}
  join road_segment g using (device_id)
 where g.route_id in ($route) group by 1 order by 1
"""

AIR = f"""
select $__timeGroupAlias(r.ts,$__interval), d.label as metric, avg(r.air) as value
  from {readings("weather", {"air": ("avg", "air_temperature_c")})} join board.device d using (device_id)
 group by 1, 2 order by 1, 2
"""

SKY = f"""
select $__timeGroupAlias(r.ts,$__interval), avg(r.humidity) as humidity, avg(r.wind) as wind,
       avg(r.cloud) as cloud, max(r.rain) as precipitation
  from {
    readings(
        "weather",
        {
            "humidity": ("avg", "humidity_pct"),
            "wind": ("avg", "wind_speed_m_s"),
            "cloud": ("avg", "cloud_oktas"),
            "rain": ("max", "precipitation_mm_h"),
        },
    )
} group by 1 order by 1
"""

GRITTERS = """
select d.label as gritter, l.ts as "last heard", l.speed_m_s as speed, l.spread_rate_g_m2 as "spreading g/m²",
       l.salt_remaining_kg as "salt left"
  from gritter_latest l join board.device d using (device_id) order by d.label
"""

SALT = f"""
select $__timeGroupAlias(r.ts,$__interval), d.label as metric, min(r.salt) as value
  from {readings("gritter", {"salt": ("min", "salt_remaining_kg")})} join board.device d using (device_id)
 group by 1, 2 order by 1, 2
"""

RUNS = """
select t.began_at as "time", t.ended_at as until, r.label as route, t.lorry, t.stretches, r.route_id as id
  from board.treatment_runs($__timeFrom()::timestamptz, $__timeTo()::timestamptz) t join gritting_route r using (route_id)
 where t.route_id in ($route) order by t.began_at desc limit 200
"""

SURFACE_CODES = by_code(field("road", "surface_state").codes, SURFACE)
SURFACE_UNIT = unit("road", "surface_temperature_c")


def _count(kind: str, condition: str) -> str:
    return f"select count(*) from {STATE.format(kind=kind)} and {condition}"


TONIGHT = Section(
    "",
    (
        (
            number(
                "Routes to treat",
                _count("route", "state ->> 'outcome' = 'treat'"),
                width=3,
                steps=NONE_IS_FINE,
            ),
            number("Overdue", _count("route", "(state ->> 'overdue')::boolean"), width=3, steps=NONE_IS_GOOD),
            number("Treated", _count("route", "state ->> 'status' = 'treated'"), width=3),
            number(
                "For a person to decide",
                _count("route", "state ->> 'outcome' = 'refer'"),
                width=3,
                steps=NONE_IS_FINE,
            ),
            number(
                "First to treat by",
                "select 1000 * extract(epoch from min((state ->> 'treat_by')::timestamptz))"
                f" from {STATE.format(kind='route')} and state ->> 'outcome' = 'treat'",
                unit="dateTimeFromNow",
                width=3,
            ),
            number(
                "Coldest surface",
                f"select min((state ->> 'surface_temperature_c')::double precision) from {STATE.format(kind='segment')}",
                unit=SURFACE_UNIT,
                decimals=1,
                width=3,
                steps=FREEZING,
            ),
            number(
                "Segments with a hazard",
                _count("segment", "(state ->> 'hazard')::boolean"),
                steps=NONE_IS_GOOD,
                width=3,
            ),
            number(
                "Without a sensor's word",
                _count("segment", "state ->> 'state' = 'unknown'"),
                description="Segments whose state neither a sensor nor a neighbour tells.",
                steps=NONE_IS_FINE,
                width=3,
            ),
        ),
        (
            rows(
                "Routes: what, by when, and why",
                ROUTES,
                units={
                    "treat by": "dateTimeAsIso",
                    "holds until": "dateTimeAsIso",
                    "coldest": CELSIUS,
                    "length": "lengthkm",
                },
                meanings={"status": ROUTE_STATUS},
                ways={"route": ROUTE_PAGE},
                empty="no routes in the registry",
                width=24,
            ),
        ),
    ),
)

WHERE = Section(
    "Where",
    (
        (
            town_map(
                "Segments, sensors, gritters",
                [
                    Markers("Segments", SEGMENTS_ON_MAP, color_by="surface", size=4),
                    Markers("Sensors", SENSORS_ON_MAP, color=INFO, size=7),
                    Markers("Gritters", GRITTERS_ON_MAP, color="#CC79A7", size=11),
                ],
                description="Each segment is drawn by the bends of its line, in the colour of its state.",
                meanings=SURFACE,
                width=12,
            ),
            rows(
                "Coldest segments",
                COLDEST,
                units={"temperature": CELSIUS, "dew point": CELSIUS},
                meanings={"surface": SURFACE},
                ways={"route": ROUTE_PAGE},
                height=16,
                empty="no segment has a temperature",
            ),
        ),
    ),
)

ZERO_LINE = ((None, "transparent"), (0, BAD))

SURFACES = Section(
    "Surfaces",
    (
        (
            lines(title("road", "surface_temperature_c"), SURFACE_RANGE, unit=SURFACE_UNIT, steps=ZERO_LINE),
            lines("The ten coldest sensors", BY_SENSOR, unit=SURFACE_UNIT, steps=ZERO_LINE),
        ),
        (
            states(
                f"{title('road', 'surface_state')} as the coldest sensors see it",
                MEASURED_STATES,
                description=f"The last {STATE_DAYS} days of the period: a state has no average, so that readings are read.",
                meanings=SURFACE_CODES,
                width=16,
            ),
            lines(
                "Humidity and water on the road",
                MOISTURE,
                unit=HUMIDITY,
                names={
                    "humidity": title("road", "humidity_pct"),
                    "film": f"{title('road', 'water_film_mm')} [mm]",
                },
                width=8,
            ),
        ),
    ),
)

WEATHER = Section(
    "Weather, decisions, gritters",
    (
        (
            lines(title("weather", "air_temperature_c"), AIR, unit=CELSIUS, steps=ZERO_LINE),
            lines(
                "Humidity, wind, cloud, precipitation",
                SKY,
                unit="short",
                names={
                    "humidity": "Humidity [%]",
                    "wind": "Wind [m/s]",
                    "cloud": "Cloud [oktas]",
                    "precipitation": "Precipitation [mm/h]",
                },
            ),
        ),
        (
            rows(
                "Decisions",
                DECISIONS,
                units={"coldest": CELSIUS},
                meanings={"decision": OUTCOME},
                ways={"route": ROUTE_PAGE},
                empty="no decision in this period",
                width=14,
            ),
            rows(
                "Gritters spread",
                RUNS,
                description="The last ten days of the period.",
                ways={"route": ROUTE_PAGE},
                empty="nothing was spread in this period",
                width=10,
            ),
        ),
        (
            rows(
                "Gritters",
                GRITTERS,
                units={
                    "last heard": "dateTimeFromNow",
                    "speed": unit("gritter", "speed_m_s"),
                    "salt left": unit("gritter", "salt_remaining_kg"),
                },
                empty="no gritter has reported",
            ),
            lines(title("gritter", "salt_remaining_kg"), SALT, unit=unit("gritter", "salt_remaining_kg")),
        ),
    ),
)

BOARD = BoardSpec(
    uid="cityops-winter",
    title="Winter: which routes tonight",
    description="Route decisions with their reasons, the coldest segments, surfaces, weather and gritters.",
    page=Page("Winter page", "/winter"),
    variables=(ROUTE,),
    alarms_of=("route",),
    incidents_of=("roads",),
    closures=True,
    treatments=True,
    related=(("cityops-winter-verify", "How nights did"), ("cityops-alarms", "Alarms and answers")),
    sections=(TONIGHT, WHERE, SURFACES, WEATHER),
)
