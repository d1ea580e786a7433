"""Winter verification: what the night said and did, against what was measured; as `cityops winter verify` keeps it."""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import CELSIUS
from dashboards.choices import ROUTE, ROUTE_PAGE
from dashboards.meanings import NONE_IS_FINE, WARNING_OUTCOME
from dashboards.panels import BAD, GOOD, INFO, WARN, columns, lines, note, number, rows
from dashboards.zone import midnight

AT = midnight("n.night")
NIGHTS = f"board.winter_night n where $__timeFilter({AT.strip('()')})"
ROUTES = f"board.winter_route n where n.route_id in ($route) and $__timeFilter({AT.strip('()')})"

COUNTED = f"""
select count(*) filter (where outcome = 'hit') as hits, count(*) filter (where outcome = 'miss') as misses,
       count(*) filter (where outcome = 'false_alarm') as false_alarms,
       count(*) filter (where outcome = 'correct_rejection') as correct, count(*) as n
  from {ROUTES}
"""

HIT_RATE = f"select 100.0 * hits / nullif(hits + misses, 0) from ({COUNTED}) c"
FALSE_RATIO = f"select 100.0 * false_alarms / nullif(hits + false_alarms, 0) from ({COUNTED}) c"
MISSES = f"select misses from ({COUNTED}) c"
IN_TIME = f"select 100.0 * sum(n.in_time_km) / nullif(sum(n.due_km), 0) from {ROUTES}"
SALT_SAVED = f"select sum(n.policy_t) - sum(n.salt_t) from {ROUTES}"

BY_NIGHT = f"""
select {AT} as "time", n.outcome as metric, count(*) as value from {ROUTES} group by 1, 2 order by 1, 2
"""

SERVICE = f"""
select {AT} as "time", sum(n.in_time_km) as "in time", sum(n.late_km) as late, sum(n.untreated_km) as untreated
  from {ROUTES} group by 1 order by 1
"""

SALT = f"""
select {AT} as "time", sum(n.salt_t) as spread, sum(n.policy_t) as "fixed policy" from {ROUTES} group by 1 order by 1
"""

MINIMUM = f"""
select {AT} as "time", (n.summary -> 'minimum' ->> 'bias_c')::double precision as "too warm (+) or cold (-)",
       (n.summary -> 'minimum' ->> 'mae_c')::double precision as "mean error"
  from {NIGHTS} and n.summary -> 'minimum' ->> 'mae_c' is not null order by 1
"""

LEADS = f"""
select l ->> 'lead_h' || ' h' as ahead,
       sum((l -> 'errors' ->> 'n')::numeric * (l -> 'errors' ->> 'mae_c')::numeric)::double precision
         / nullif(sum((l -> 'errors' ->> 'n')::numeric), 0)::double precision as "mean error",
       sum((l -> 'errors' ->> 'n')::numeric * (l -> 'errors' ->> 'bias_c')::numeric)::double precision
         / nullif(sum((l -> 'errors' ->> 'n')::numeric), 0)::double precision as bias
  from (select n.summary from {NIGHTS}) n cross join lateral jsonb_array_elements(n.summary -> 'leads') l
 group by l ->> 'lead_h' order by (l ->> 'lead_h')::int
"""

BRIER = f"""
select {AT} as "time", (n.summary -> 'below_zero' ->> 'brier')::double precision as forecast,
       (n.summary -> 'below_zero' ->> 'climate')::double precision as "always the mean"
  from {NIGHTS} and n.summary -> 'below_zero' ->> 'brier' is not null order by 1
"""

RELIABILITY = f"""
select (10 * b.tenth - 10) || '–' || 10 * b.tenth || ' %' as said,
       100.0 * sum((b.bin ->> 0)::numeric * (b.bin ->> 2)::numeric) / nullif(sum((b.bin ->> 0)::numeric), 0) as happened
  from (select n.summary from {NIGHTS}) n
 cross join lateral jsonb_array_elements(n.summary -> 'below_zero' -> 'bins') with ordinality b(bin, tenth)
 group by b.tenth order by b.tenth
"""

TABLE = f"""
select n.night::text as night, n.route, n.outcome, n.minimum_c as coldest, n.warned_at as warned, n.hazard_from as "hazard from",
       n.due_km as due, n.in_time_km as "in time", n.late_km as late, n.untreated_km as untreated, n.salt_t as salt,
       n.route_id as id
  from {ROUTES}
 order by n.night desc, array_position(array['miss', 'false_alarm', 'hit', 'correct_rejection', 'unknown'], n.outcome), n.route
 limit 500
"""

ORDERS = """
select r.label as route, count(*) filter (where a.what = 'confirmed') as confirmed,
       count(*) filter (where a.what = 'changed') as changed, count(*) filter (where a.what = 'cancelled') as cancelled,
       count(*) filter (where a.what = 'ordered') as "of one's own", count(*) filter (where a.what = 'unanswered') as unanswered,
       percentile_cont(0.5) within group (order by extract(epoch from a.at - a.answers_at)) as "time to answer", r.route_id as id
  from board.treatment_act a join gritting_route r using (route_id)
 where a.route_id in ($route) and $__timeFilter(a.at) group by r.route_id, r.label order by unanswered desc, cancelled desc, r.label
"""

NOTES = f"""
select n.night::text as night, w as note from (select n.night, n.summary from {NIGHTS}) n
 cross join lateral jsonb_array_elements_text(n.summary -> 'notes') w order by n.night desc limit 100
"""

SCORES = Section(
    "",
    (
        (
            note(
                "A night is judged the morning after by `cityops winter verify`: forecasts and warnings against what the road's"
                " sensors measured, orders against what gritters spread. A night that nobody judged is not here.",
            ),
        ),
        (
            number(
                "Frosts warned of",
                HIT_RATE,
                description="Route nights with a hazard that had a warning before it.",
                unit="percent",
                decimals=0,
                steps=((None, BAD), (80, WARN), (95, GOOD)),
                empty="no frost yet",
                width=5,
            ),
            number(
                "Missed",
                MISSES,
                description="Route nights with a hazard and no warning.",
                steps=NONE_IS_FINE,
                width=4,
            ),
            number(
                "Warnings without frost",
                FALSE_RATIO,
                unit="percent",
                decimals=0,
                steps=((None, GOOD), (40, WARN), (60, BAD)),
                empty="no warning yet",
                width=5,
            ),
            number(
                "Treated in time",
                IN_TIME,
                description="Of the km that were to be treated.",
                unit="percent",
                decimals=0,
                steps=((None, BAD), (80, WARN), (95, GOOD)),
                empty="nothing was due",
                width=5,
            ),
            number(
                "Salt saved",
                SALT_SAVED,
                description="Tonnes less than the fixed policy had spread.",
                unit="masst",
                decimals=0,
                steps=((None, WARN), (0, GOOD)),
                empty="not known",
                width=5,
            ),
        ),
    ),
)

WARNINGS = Section(
    "Warnings and treatment",
    (
        (
            lines("Route nights by outcome", BY_NIGHT, unit="short", bars=True, stacked=True),
            lines("Kilometres that were due", SERVICE, unit="lengthkm", bars=True, stacked=True),
        ),
        (
            lines("Salt", SALT, unit="masst", bars=True, width=8),
            rows(
                "Orders",
                ORDERS,
                description="What officers made of proposals; the middle time from proposal to answer.",
                units={"time to answer": "s"},
                ways={"route": ROUTE_PAGE},
                empty="no orders in this period",
                width=16,
            ),
        ),
    ),
)

FORECASTS = Section(
    "Forecast against measured",
    (
        (
            lines(
                "The evening's forecast of the night's coldest surface",
                MINIMUM,
                unit=CELSIUS,
                steps=((None, "transparent"), (0, INFO)),
            ),
            columns("Error of the surface's temperature by hours ahead", LEADS, x="ahead", unit=CELSIUS),
        ),
        (
            lines(
                "Chance of frost: Brier score",
                BRIER,
                description="Mean square of chance minus what happened; 0 is best. Below the other line it has skill.",
                unit="short",
                soft_range=(0.0, None),
            ),
            columns(
                "Chance said, and how often it froze",
                RELIABILITY,
                x="said",
                unit="percent",
                description="A forecast that can be relied on has columns as high as their band.",
            ),
        ),
    ),
)

NIGHT_BY_NIGHT = Section(
    "Night by night",
    (
        (
            rows(
                "Routes, what was missed first",
                TABLE,
                units={
                    "coldest": CELSIUS,
                    "due": "lengthkm",
                    "in time": "lengthkm",
                    "late": "lengthkm",
                    "untreated": "lengthkm",
                    "salt": "masst",
                },
                meanings={"outcome": WARNING_OUTCOME},
                unknown={"warned": "not warned", "hazard from": "no hazard", "coldest": "nobody measured"},
                ways={"route": ROUTE_PAGE},
                empty="no night of this period is judged: cityops winter verify",
                width=16,
                height=12,
            ),
            rows("What could not be judged", NOTES, empty="all could be judged", width=8, height=12),
        ),
    ),
)

BOARD = BoardSpec(
    uid="cityops-winter-verify",
    title="Winter: how nights did",
    description="Forecast against measured, orders against treated, scores of warnings, night by night.",
    page=Page("Winter page", "/winter"),
    period="now-30d",
    refresh="15m",
    variables=(ROUTE,),
    alarms_of=("route",),
    incidents_of=("roads",),
    closures=True,
    treatments=True,
    related=(("cityops-winter", "Tonight"),),
    sections=(SCORES, WARNINGS, FORECASTS, NIGHT_BY_NIGHT),
)
