"""Bins: which to collect today, how full they are, what was emptied."""

# ruff: noqa: S608 - SQL put together from this file's own constants

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import CELSIUS, PERCENT, title, unit
from dashboards.choices import BIN_PAGE, STREAM
from dashboards.maps import Markers, town_map
from dashboards.meanings import BIN_STATE, BIN_WARM, FILL, NONE_IS_FINE, NONE_IS_GOOD
from dashboards.panels import columns, lines, number, rows, shares
from dashboards.periods import readings

FILL_PCT = "(s.state ->> 'fill_pct')::double precision"
BINS = """
bin_site b join board.subject_state s on s.subject_kind = 'bin' and s.subject = b.bin_id
 where b.stream in ($stream)"""

TO_COLLECT = f"""
select b.label as bin, b.street, {FILL_PCT} as fill, s.state ->> 'state' as state, s.state ->> 'reason' as reason,
       (s.state ->> 'last_emptied_at')::timestamptz as emptied, b.bin_id as id
  from {BINS} and (s.state ->> 'needs_collection')::boolean order by fill desc nulls last, bin
"""

DISTRIBUTION = f"""
select least(floor({FILL_PCT} / 10) * 10, 90)::int || ' %' as "filled from", count(*) as bins
  from {BINS} and s.state ->> 'fill_pct' is not null
 group by least(floor({FILL_PCT} / 10) * 10, 90) order by least(floor({FILL_PCT} / 10) * 10, 90)
"""

BY_STATE = f"""
select count(*) filter (where s.state ->> 'state' = 'overflowing') as overflowing,
       count(*) filter (where s.state ->> 'state' = 'full') as "full",
       count(*) filter (where s.state ->> 'state' = 'ok') as ok,
       count(*) filter (where s.state ->> 'state' = 'unknown') as "unknown"
  from {BINS}
"""

ON_MAP = f"""
select b.longitude_deg as longitude, b.latitude_deg as latitude, b.label as bin, b.street,
       s.state ->> 'state' as state, {FILL_PCT} as fill
  from {BINS}
"""

LORRIES_ON_MAP = """
select l.longitude_deg as longitude, l.latitude_deg as latitude, d.label as lorry, l.speed_m_s as speed,
       l.load_kg as load, l.ts as measured
  from lorry_latest l join board.device d using (device_id)
"""

LORRIES = """
select d.label as lorry, l.ts as "last heard", l.speed_m_s as speed, l.load_kg as load, l.lifts_n as lifts
  from lorry_latest l join board.device d using (device_id) order by d.label
"""

LOAD = f"""
select $__timeGroupAlias(r.ts,$__interval), d.label as metric, max(r.load) as value
  from {readings("lorry", {"load": ("max", "load_kg")})} join board.device d using (device_id) group by 1, 2 order by 1, 2
"""

EMPTYINGS = """
select $__timeGroupAlias(e.at,'1h'), count(*) as emptied
  from board.bin_emptying e join bin_site b using (bin_id)
 where b.stream in ($stream) and $__timeFilter(e.at) group by 1 order by 1
"""

EMPTIED = """
select e.at as "time", b.label as bin, b.street, e.before_pct as before, e.after_pct as after, b.bin_id as id
  from board.bin_emptying e join bin_site b using (bin_id)
 where b.stream in ($stream) and $__timeFilter(e.at) order by e.at desc limit 300
"""

ROUNDS = """
select d.decided_at as "time", d.outcome, d.result ->> 'service_date' as "service date",
       jsonb_array_length(jsonb_path_query_array(d.result, '$.candidates[*] ? (@.must == true)')) as must,
       jsonb_array_length(jsonb_path_query_array(d.result, '$.candidates[*] ? (@.must == false)')) as may, d.reason
  from board.decision d where d.subject_kind = 'route' and d.subject = 'bins' and $__timeFilter(d.decided_at)
 order by d.decided_at desc limit 50
"""

NEWEST_H = 3
NEWEST = f"""
(select distinct on (n.device_id) n.device_id, n.ts, n.temperature_c, n.battery_pct from bin_reading n
  where n.ts > now() - interval '{NEWEST_H} hours' and n.received_at > now() - interval '{NEWEST_H} hours'
  order by n.device_id, n.ts desc) l join bin_site b using (device_id)
"""
"""By when they were measured and came: the newest reading of each bin by itself takes as many look-ups as there are bins."""

WARM = f"""
select b.label as bin, b.street, l.temperature_c as temperature, l.ts as measured, b.bin_id as id
  from {NEWEST} where b.stream in ($stream) and l.temperature_c is not null order by l.temperature_c desc, b.label limit 20
"""

BATTERY = f"""
select b.label as bin, b.street, l.battery_pct as battery, l.ts as measured, b.bin_id as id
  from {NEWEST} where b.stream in ($stream) and l.battery_pct is not null order by l.battery_pct, b.label limit 20
"""

TEMPERATURE = f"""
select $__timeGroupAlias(r.ts,$__interval), max(r.warmest) as warmest, avg(r.mean) as mean
  from {readings("bin", {"warmest": ("max", "temperature_c"), "mean": ("avg", "temperature_c")})}
  join bin_site b using (device_id)
 where b.stream in ($stream) group by 1 order by 1
"""

BOARD = BoardSpec(
    uid="cityops-bins",
    title="Bins: which to collect today",
    description="Fill levels as the rules judge them, bins to collect, emptyings, lorries, warm bins and weak batteries.",
    page=Page("Bins page", "/bins"),
    variables=(STREAM,),
    period="now-48h",
    alarms_of=("bin",),
    incidents_of=("bins",),
    closures=True,
    related=(("cityops-bin-trends", "Trends of bins"), ("cityops-alarms", "Alarms and answers")),
    sections=(
        Section(
            "",
            (
                (
                    number(
                        "To collect",
                        f"select count(*) from {BINS} and (s.state ->> 'needs_collection')::boolean",
                        width=6,
                    ),
                    number(
                        "Overflowing",
                        f"select count(*) from {BINS} and s.state ->> 'state' = 'overflowing'",
                        steps=NONE_IS_GOOD,
                        width=6,
                    ),
                    number(
                        "Middle fill level",
                        f"select percentile_cont(0.5) within group (order by {FILL_PCT}) from {BINS}",
                        unit=PERCENT,
                        decimals=0,
                        steps=FILL,
                        width=6,
                    ),
                    number(
                        "Unknown",
                        f"select count(*) from {BINS} and s.state ->> 'state' = 'unknown'",
                        steps=NONE_IS_FINE,
                        width=6,
                    ),
                ),
                (
                    rows(
                        "To collect, the fullest first",
                        TO_COLLECT,
                        units={"fill": PERCENT, "emptied": "dateTimeFromNow"},
                        meanings={"state": BIN_STATE},
                        ways={"bin": BIN_PAGE},
                        empty="no bin needs collecting",
                        height=14,
                    ),
                    town_map(
                        "Where",
                        [
                            Markers("Bins", ON_MAP, color_by="state", size=7),
                            Markers("Lorries", LORRIES_ON_MAP, color="#CC79A7", size=11),
                        ],
                        meanings=BIN_STATE,
                        height=14,
                    ),
                ),
            ),
        ),
        Section(
            "All bins",
            (
                (
                    columns("Bins by fill level", DISTRIBUTION, x="filled from", width=16),
                    shares("Bins by state", BY_STATE, meanings=BIN_STATE),
                ),
                (
                    lines("Bins emptied", EMPTYINGS, unit="short", bars=True),
                    rows(
                        "Emptied",
                        EMPTIED,
                        units={"before": PERCENT, "after": PERCENT},
                        ways={"bin": BIN_PAGE},
                        empty="no bin was emptied in this period",
                    ),
                ),
                (
                    rows(
                        "Bins that must go and may",
                        ROUNDS,
                        empty="no round was planned in this period",
                        width=24,
                    ),
                ),
                (
                    rows(
                        "Lorries",
                        LORRIES,
                        units={
                            "last heard": "dateTimeFromNow",
                            "speed": unit("lorry", "speed_m_s"),
                            "load": unit("lorry", "load_kg"),
                        },
                        empty="no lorry has reported",
                    ),
                    lines(title("lorry", "load_kg"), LOAD, unit=unit("lorry", "load_kg")),
                ),
            ),
        ),
        Section(
            "The bins themselves",
            (
                (
                    lines(
                        title("bin", "temperature_c"),
                        TEMPERATURE,
                        unit=unit("bin", "temperature_c"),
                        steps=BIN_WARM,
                        width=8,
                    ),
                    rows(
                        "Warmest bins",
                        WARM,
                        description=f"Of those heard in the last {NEWEST_H} hours.",
                        empty=f"no bin was heard in the last {NEWEST_H} hours",
                        units={"temperature": CELSIUS, "measured": "dateTimeFromNow"},
                        ways={"bin": BIN_PAGE},
                        width=8,
                    ),
                    rows(
                        "Weakest batteries",
                        BATTERY,
                        description=f"Of those heard in the last {NEWEST_H} hours.",
                        empty=f"no bin was heard in the last {NEWEST_H} hours",
                        units={"battery": PERCENT, "measured": "dateTimeFromNow"},
                        ways={"bin": BIN_PAGE},
                        width=8,
                    ),
                ),
            ),
        ),
    ),
)
