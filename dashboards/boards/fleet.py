"""Fleet: which devices are silent, weak, stuck, out of date or incomplete."""

# ruff: noqa: S608 - names come from kinds, which check them

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import PERCENT, kinds, unit
from dashboards.choices import KIND, WORK_PAGE
from dashboards.meanings import NONE_IS_FINE, NONE_IS_GOOD
from dashboards.panels import Way, columns, lines, number, rows
from dashboards.periods import readings


def names(found: list[str]) -> str:
    """Return an SQL array of names."""
    return "array[" + ", ".join(f"'{name}'" for name in found) + "]"


COUNTED = names([name for name, kind in kinds().items() if kind.continuous])
HEARD = "(select k.kind, h.device_id, h.ts from unnest(array[$kind]) k(kind) cross join lateral board.last_heard(k.kind) h) h"

# Vehicles report on the road only: only kinds that measure all the time can be silent.
SILENT_N = f"""
select count(*) from {HEARD} where h.kind = any ({COUNTED}) and (h.ts is null or h.ts < now() - interval '1 day')
"""

INTERVALS = 3
BY_AGE = f"""
select h.kind, count(*) as devices, count(*) filter (where h.ts >= now() - interval '1 hour') as "last hour",
       count(*) filter (where h.ts < now() - interval '1 hour' and h.ts >= now() - interval '1 day') as "last day",
       count(*) filter (where h.ts < now() - interval '1 day' and h.ts >= now() - interval '7 days') as "last week",
       count(*) filter (where h.ts < now() - interval '7 days') as longer, count(*) filter (where h.ts is null) as never
  from {HEARD} group by h.kind order by h.kind
"""

SILENT = f"""
select d.name as device, h.kind, d.label, h.ts as "last heard"
  from {HEARD} join board.device d using (device_id)
 where h.kind = any ({COUNTED}) and (h.ts is null or h.ts < now() - greatest(interval '1 hour', {INTERVALS} * d.cadence_s * interval '1 second'))
 order by h.ts nulls first, d.name limit 200
"""

DAYS = f"""
select r.day as "time", r.kind as metric, 100.0 * r.stored / nullif(r.expected, 0) as value
  from board.readings_by_day({COUNTED}, $__timeFrom(), $__timeTo()) r where r.kind in ($kind) and r.expected > 0 order by 1, 2
"""

REPORTING = f"""
select r.day as "time", r.kind as metric, r.devices as value
  from board.readings_by_day({COUNTED}, $__timeFrom(), $__timeTo()) r where r.kind in ($kind) order by 1, 2
"""

INCOMPLETE = f"""
select i.device, i.kind, 100.0 * i.stored / nullif(i.expected, 0) as complete, i.stored, i.expected
  from board.incomplete({COUNTED}, 200) i where i.kind in ($kind)
"""

FIRMWARE = """
select coalesce(nullif(s.firmware, ''), 'not told') as firmware, s.kind, count(*) as devices,
       count(*) filter (where s.online) as online, sum(s.waiting)::bigint as "wait in outboxes"
  from board.device_state s where s.kind in ($kind) group by 1, 2 order by 2, 3 desc, 1 limit 100
"""

FULL_OUTBOXES = """
select s.name as device, s.kind, s.waiting, s.status_at as told
  from board.device_state s where s.kind in ($kind) and s.waiting > 0 order by s.waiting desc, 1 limit 100
"""

CLOCKS = """
select case s.clk when 0 then 'never set' when 1 then 'restored' when 2 then 'set by network' when 3 then 'stepped' else 'not told' end
         as clock, count(*) as devices
  from board.device_state s where s.kind in ($kind) group by 1 order by 2 desc
"""

WEAK_H = 3
WEAK = f"""
select d.label as device, x.kind, min(x.battery) as battery, max(x.ts) as measured from (
select device_id, 'road' as kind, battery_v as battery, ts from road_reading
 where ts > now() - interval '{WEAK_H} hours' and received_at > now() - interval '{WEAK_H} hours'
union all
select device_id, 'bin', battery_v, ts from bin_reading
 where ts > now() - interval '{WEAK_H} hours' and received_at > now() - interval '{WEAK_H} hours') x
  join board.device d using (device_id)
 where x.kind in ($kind) and x.battery is not null group by d.device_id, d.label, x.kind order by 3, 1 limit 50
"""

BATTERY = f"""
select $__timeGroupAlias(r.ts,$__interval), min(r.battery) as lowest, avg(r.battery) as mean
  from {readings("road", {"battery": ("min", "battery_v")})} where 'road' in ($kind) group by 1 order by 1
"""

WEAK_PCT = 20
CHARGE = f"""
select $__timeGroupAlias(r.ts,$__interval), 100.0 * count(*) filter (where r.charge < {WEAK_PCT}) / count(*) as weak,
       avg(r.charge) as mean
  from {readings("bin", {"charge": ("min", "battery_pct")})} where r.charge is not null group by 1 order by 1
"""

RADIO = """
select s.label as device, s.kind, s.last_seen_at as heard, s.battery_pct as battery, s.status_at as told,
       100.0 * s.lost / nullif(s.frames + s.lost, 0) as "lost on the air", s.rssi_dbm as signal
  from board.lorawan_sensor s where s.kind in ($kind) order by s.battery_pct nulls last, 6 desc nulls last, 1 limit 100
"""

WORK_BY_RULE = """
select w.rule_id as rule, w.kind, count(*) filter (where w.done_at is null) as open,
       count(*) filter (where w.done_at is null and w.due_at < now()) as overdue,
       count(*) filter (where w.done_at is not null and $__timeFilter(w.done_at)) as done
  from board.work_item w where w.kind in ($kind) group by 1, 2 order by 3 desc, 1, 2
"""

WORK = """
select w.work_item_id as number, w.rule_id as rule, w.device, w.kind, w.opened_at as since, w.due_at as due,
       w.gone_at is not null as "cause gone", w.reason
  from board.work_item w where w.done_at is null and w.kind in ($kind)
 order by w.due_at nulls last, w.opened_at, 1 limit 200
"""

OPEN_WORK = "select count(*) from board.work_item w where w.done_at is null and w.gone_at is null and w.kind in ($kind)"
STUCK = f"{OPEN_WORK} and w.rule_id = 'quality.stuck'"

ITEM_PAGE = Way("The work item", "${web}/work/${__data.fields.number}")

BOARD = BoardSpec(
    uid="cityops-fleet",
    title="Fleet: which devices need a look",
    description="Silence, completeness, batteries, frames lost on the air, stuck sensors, firmware and outboxes of all devices.",
    page=Page("Work items", "/work"),
    period="now-30d",
    refresh="5m",
    variables=(KIND,),
    alarms_of=("kind", "device"),
    related=(("cityops-platform", "Does everything arrive"), ("cityops-alarms", "Alarms and answers")),
    sections=(
        Section(
            "",
            (
                (
                    number("Silent for a day", SILENT_N, steps=NONE_IS_FINE, width=6),
                    number("Need a look", OPEN_WORK, steps=NONE_IS_FINE, way=WORK_PAGE, width=6),
                    number("Stuck sensors", STUCK, steps=NONE_IS_GOOD, way=WORK_PAGE, width=6),
                    number(
                        "Wait in outboxes",
                        "select coalesce(sum(s.waiting), 0)::bigint from board.device_state s where s.kind in ($kind)",
                        description="Messages that devices have and we have not, as they last said.",
                        width=6,
                    ),
                ),
            ),
        ),
        Section(
            "Heard",
            (
                (
                    rows("Last heard, by kind", BY_AGE, empty="no devices registered"),
                    rows(
                        "Silent, the longest first",
                        SILENT,
                        description=f"For {INTERVALS} of their intervals, an hour at least. Not vehicles: they report on the road only.",
                        units={"last heard": "dateTimeFromNow"},
                        unknown={"last heard": "never"},
                        empty="every device reports",
                    ),
                ),
                (
                    lines(
                        "Complete",
                        DAYS,
                        description="Readings stored of those that the intervals make, by day of UTC; of kinds that measure"
                        " all the time.",
                        unit="percent",
                        soft_range=(90.0, 100.0),
                        width=8,
                    ),
                    lines("Devices that reported, by day", REPORTING, unit="short", width=8),
                    rows(
                        "Least complete of the last six hours",
                        INCOMPLETE,
                        units={"complete": "percent"},
                        empty="all devices have sent 99 of 100 readings",
                        width=8,
                    ),
                ),
            ),
        ),
        Section(
            "Batteries",
            (
                (
                    lines(
                        "Batteries of road sensors",
                        BATTERY,
                        unit=unit("road", "battery_v"),
                        width=8,
                    ),
                    lines(
                        "Batteries of bins",
                        CHARGE,
                        unit=PERCENT,
                        names={"weak": f"share of bins below {WEAK_PCT} %", "mean": "mean charge"},
                        soft_range=(0.0, 100.0),
                        width=8,
                    ),
                    rows(
                        "Weakest",
                        WEAK,
                        description=f"Lowest voltage of the last {WEAK_H} hours.",
                        units={"battery": unit("road", "battery_v"), "measured": "dateTimeFromNow"},
                        empty="no device tells its voltage",
                        width=8,
                    ),
                ),
            ),
        ),
        Section(
            "By radio",
            (
                (
                    rows(
                        "LoRaWAN sensors",
                        RADIO,
                        description="Battery as the network server was told of it (DevStatusAns; those that tell it in their readings are"
                        " above), and the share of frames that nobody heard: they can't be sent again.",
                        units={
                            "heard": "dateTimeFromNow",
                            "battery": PERCENT,
                            "told": "dateTimeFromNow",
                            "lost on the air": "percent",
                            "signal": "dBm",
                        },
                        unknown={"battery": "not told", "told": "never"},
                        empty="no LoRaWAN sensor is bound",
                        width=24,
                    ),
                ),
            ),
        ),
        Section(
            "Work, firmware, clocks",
            (
                (
                    rows(
                        "Work items",
                        WORK,
                        description="Of devices in homes only that they need a look is told.",
                        units={"since": "dateTimeFromNow", "due": "dateTimeFromNow"},
                        unknown={"due": "no date"},
                        ways={"number": ITEM_PAGE, "rule": ITEM_PAGE},
                        empty="no device needs a look",
                        width=16,
                    ),
                    rows("By rule and kind", WORK_BY_RULE, empty="no work item yet", width=8),
                ),
                (
                    rows("Firmware", FIRMWARE, empty="no devices registered", width=10),
                    rows(
                        "Fullest outboxes",
                        FULL_OUTBOXES,
                        units={"told": "dateTimeFromNow"},
                        empty="no device has anything waiting",
                        width=8,
                    ),
                    columns("Clocks", CLOCKS, x="clock", width=6),
                ),
            ),
        ),
    ),
)
