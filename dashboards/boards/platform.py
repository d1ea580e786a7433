"""Platform: is everything that devices send arriving, and is it judged in time."""

# ruff: noqa: S608 - names come from kinds, which check them

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.catalogue import kinds, unit
from dashboards.meanings import NONE_IS_FINE, NONE_IS_GOOD
from dashboards.panels import BAD, GOOD, WARN, gauges, lines, number, rows

READINGS = """
select $__timeGroupAlias(received_at,$__interval), sum(readings) as stored, sum(duplicates) as duplicates,
       sum(dead_letters) as "dead letters"
  from ingest_batch where $__timeFilter(received_at) group by 1 order by 1
"""

BY_KIND = """
select $__timeGroupAlias(b.received_at,$__interval), k.key as metric, sum((k.value ->> 'rows')::bigint) as value
  from ingest_batch b cross join lateral jsonb_each(b.kinds) k
 where $__timeFilter(b.received_at) group by 1, 2 order by 1, 2
"""

AGE = """
select $__timeGroupAlias(b.received_at,$__interval),
       max(extract(epoch from b.received_at - (k.value ->> 'min_ts')::timestamptz)) as oldest,
       percentile_cont(0.5) within group
           (order by extract(epoch from b.received_at - (k.value ->> 'max_ts')::timestamptz)) as newest
  from ingest_batch b cross join lateral jsonb_each(b.kinds) k
 where $__timeFilter(b.received_at) group by 1 order by 1
"""

REJECTED = """
select $__timeGroupAlias(received_at,$__interval), reason_code as metric, sum(messages)::bigint as value
  from board.set_aside where $__timeFilter(received_at) group by 1, 2 order by 1, 2
"""

REASONS = """
select reason_code as reason, coalesce(field, '') as field, sum(messages)::bigint as messages,
       count(distinct device) as devices, max(received_at) as latest
  from board.set_aside where $__timeFilter(received_at) group by 1, 2 order by messages desc, 1, 2 limit 100
"""

WORST = """
select coalesce(device, 'unknown') as device, sum(messages)::bigint as "dead letters", max(received_at) as latest
  from board.set_aside where $__timeFilter(received_at) group by 1 order by 2 desc, 1 limit 50
"""

SILENT = """
select m.subject as device, d.kind, d.label, m.joined_at as "silent since", m.severity, m.reason
  from board.alarm_member m left join board.device d on d.name = m.subject
 where m.rule_id = 'device.silent' and m.left_at is null order by m.joined_at limit 500
"""

HEARD = """
select kind, devices as installed, seen as "heard in the period", devices - seen as silent
  from board.devices_seen($__timeFrom(), $__timeTo())
"""

LAG = """
select coalesce(extract(epoch from (select max((k.value ->> 'max_ts')::timestamptz)
                                      from (select kinds from ingest_batch order by batch_id desc limit 100) b
                                      cross join lateral jsonb_each(b.kinds) k) - min(event_time)), 0)
  from rule_cursor
"""

WAITING = """
select count(*) from ingest_batch where xid > coalesce((select min(xid::text::bigint) from rule_cursor), 0)::text::xid8
"""

CURSORS = """
select service, event_time as "judged up to", updated_at as "last moved" from rule_cursor order by service
"""

SIZES = "select name, bytes from board.table_sizes() order by bytes desc, name limit 12"

WEAK_ROAD = """
select d.label as device, l.battery_v as battery, l.ts as measured
  from road_latest l join board.device d using (device_id) where l.battery_v is not null
union all
select d.label, l.battery_v, l.ts from bin_latest l join board.device d using (device_id) where l.battery_v is not null
 order by battery limit 20
"""


def _names(found: list[str]) -> str:
    return "array[" + ", ".join(f"'{name}'" for name in found) + "]"


COUNTED = _names([name for name, kind in kinds().items() if kind.continuous])

COMPLETE = f"""
select kind, devices, 100.0 * stored / nullif(expected, 0) as complete, missing, gap_devices as "with gaps", outstanding
  from board.completeness({COUNTED}, $__timeFrom(), $__timeTo())
"""

GAPS = """
select device, kind, missing, gaps as ranges, held, outstanding, told_at as "last told" from board.gaps(100)
"""

TABLES = f"""
select kind, rows_estimate as "rows, about", bytes as size, parts as "chunks or months", columnar,
       round(before_bytes::numeric / nullif(after_bytes, 0), 1) as "smaller by"
  from board.reading_tables({_names(list(kinds()))})
"""

BOARD = BoardSpec(
    uid="cityops-platform",
    title="Platform: does everything arrive",
    description="Readings stored, refused and repeated; silent devices; how far behind the rules are; sizes.",
    page=Page("Operations page", "/ops"),
    period="now-6h",
    refresh="30s",
    alarms_of="kind",
    sections=(
        Section(
            "",
            (
                (
                    number(
                        "Readings per minute",
                        "select coalesce(sum(readings), 0) / 5.0 from ingest_batch"
                        " where received_at > now() - interval '5 minutes'",
                        description="Mean of the last five minutes.",
                        decimals=0,
                        steps=((None, BAD), (0.2, GOOD)),
                    ),
                    number(
                        "Last stored",
                        "select 1000 * extract(epoch from max(received_at)) from ingest_batch",
                        unit="dateTimeFromNow",
                    ),
                    number(
                        "Dead letters, last hour",
                        "select coalesce(sum(dead_letters), 0) from ingest_batch"
                        " where received_at > now() - interval '1 hour'",
                        steps=NONE_IS_FINE,
                    ),
                    number(
                        "Silent devices",
                        "select count(*) from board.alarm_member where rule_id = 'device.silent' and left_at is null",
                        steps=NONE_IS_GOOD,
                    ),
                    number(
                        "Rules behind",
                        LAG,
                        description="Newest reading stored against newest reading judged, in measured time.",
                        unit="s",
                        decimals=0,
                        steps=((None, GOOD), (60, WARN), (600, BAD)),
                    ),
                    number("Database", "select pg_database_size(current_database())", unit="bytes"),
                ),
            ),
        ),
        Section(
            "Arriving",
            (
                (
                    lines("Readings", READINGS, unit="short", bars=True, stacked=True),
                    lines("Readings by kind", BY_KIND, unit="short", bars=True, stacked=True),
                ),
                (
                    lines(
                        "Age on arrival",
                        AGE,
                        unit="s",
                        description="Measured to stored: the oldest reading of any batch, the middle newest.",
                    ),
                    rows("Devices", HEARD),
                ),
            ),
        ),
        Section(
            "Missing",
            (
                (
                    rows(
                        "Complete by kind",
                        COMPLETE,
                        description="Readings stored of those that the devices' intervals make, in the whole hours of "
                        "the period (seven days at most). Empty: measures only now and then.",
                        units={"complete": "percent"},
                    ),
                    rows(
                        "Devices with gaps",
                        GAPS,
                        description="Numbers between the lowest and the highest received of a boot that never came. "
                        "`cityops gaps --device NAME` names them.",
                        units={"last told": "dateTimeFromNow"},
                        empty="nothing is missing",
                    ),
                ),
            ),
        ),
        Section(
            "Refused",
            (
                (
                    lines("Dead letters by reason", REJECTED, unit="short", bars=True, stacked=True, width=8),
                    rows(
                        "Reasons",
                        REASONS,
                        units={"latest": "dateTimeFromNow"},
                        width=8,
                        empty="nothing refused",
                    ),
                    rows(
                        "Worst devices",
                        WORST,
                        units={"latest": "dateTimeFromNow"},
                        width=8,
                        empty="nothing refused",
                    ),
                ),
            ),
        ),
        Section(
            "Silence, rules, sizes",
            (
                (
                    rows(
                        "Silent devices",
                        SILENT,
                        units={"silent since": "dateTimeFromNow"},
                        empty="every device reports",
                        width=16,
                    ),
                    rows(
                        "Weakest batteries",
                        WEAK_ROAD,
                        units={"battery": unit("road", "battery_v"), "measured": "dateTimeFromNow"},
                        width=8,
                    ),
                ),
                (
                    number(
                        "Batches waiting for the rules",
                        WAITING,
                        steps=((None, GOOD), (200, WARN), (2000, BAD)),
                    ),
                    rows(
                        "Rules",
                        CURSORS,
                        units={"judged up to": "dateTimeFromNow", "last moved": "dateTimeFromNow"},
                        width=8,
                    ),
                    gauges("Largest tables", SIZES, unit="bytes", width=12),
                ),
                (
                    number(
                        "Failing policies",
                        "select board.failing_policies()",
                        description="TimescaleDB's refreshes, columnstore and retention whose last run failed.",
                        steps=NONE_IS_GOOD,
                    ),
                    rows(
                        "Reading tables",
                        TABLES,
                        units={"size": "bytes"},
                        unknown={"rows, about": "not counted yet"},
                        width=20,
                    ),
                ),
            ),
        ),
    ),
)
