"""Ingest and database: is everything that devices send arriving, is it judged in time, and how does the database do."""

# ruff: noqa: S608 - names come from kinds, which check them

from __future__ import annotations

from dashboards.board import BoardSpec, Page, Section
from dashboards.boards.fleet import COUNTED, names
from dashboards.catalogue import kinds
from dashboards.choices import KIND
from dashboards.meanings import NONE_IS_FINE, NONE_IS_GOOD
from dashboards.panels import BAD, GOOD, WARN, Way, gauges, lines, number, rows

BATCHES = "board.ingest($__timeFrom(), $__timeTo()) i"

READINGS = f"""
select $__timeGroupAlias(i.slot,$__interval), sum(i.readings) as stored, sum(i.duplicates) as duplicates,
       sum(i.dead_letters) as "dead letters"
  from {BATCHES} where i.kind = '' group by 1 order by 1
"""

BY_KIND = f"""
select $__timeGroupAlias(i.slot,$__interval), i.kind as metric, sum(i.readings) as value
  from {BATCHES} where i.kind in ($kind) group by 1, 2 order by 1, 2
"""

AGE = f"""
select $__timeGroupAlias(i.slot,$__interval), max(i.oldest_s) as oldest, avg(i.newest_s) as newest
  from {BATCHES} where i.kind in ($kind) group by 1 order by 1
"""

BATCH_SIZE = f"""
select $__timeGroupAlias(i.slot,$__interval), sum(i.readings)::double precision / nullif(sum(i.batches), 0) as readings
  from {BATCHES} where i.kind = '' group by 1 order by 1
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
  from board.devices_seen($__timeFrom(), $__timeTo()) where kind in ($kind)
"""

LAG = """
select coalesce(extract(epoch from (select max((k.value ->> 'max_ts')::timestamptz)
                                      from (select kinds from ingest_batch where readings > 0 order by batch_id desc limit 100) b
                                      cross join lateral jsonb_each(b.kinds) k) - min(event_time)), 0)
  from rule_cursor
"""

WAITING = """
select count(*) from ingest_batch where xid > coalesce((select xid from rule_cursor where service = 'rules'), '0'::xid8)
"""

CURSORS = """
select service, coalesce(settled_at, event_time) as "judged up to", updated_at as "last moved" from rule_cursor order by service
"""

SIZES = "select name, bytes from board.table_sizes() order by bytes desc, name limit 12"

COMPLETE = f"""
select kind, devices, 100.0 * stored / nullif(expected, 0) as complete, missing, gap_devices as "with gaps", outstanding
  from board.completeness({COUNTED}, $__timeFrom(), $__timeTo()) where kind in ($kind)
"""

GAPS = """
select device, kind, missing, gaps as ranges, held, outstanding, lost as "lost on the air", told_at as "last told"
  from board.gaps(100) where kind in ($kind)
"""

TABLES = f"""
select kind, rows_estimate as "rows, about", bytes as size, parts as "chunks or months", columnar,
       round(before_bytes::numeric / nullif(after_bytes, 0), 1) as "smaller by"
  from board.reading_tables({names(list(kinds()))}) where kind in ($kind)
"""

POLICIES = """
select policy, target, last_status as status, last_run_at as "last run", last_success_at as "last success", runs, failures,
       next_run_at as next
  from board.policies() order by last_status = 'Success' nulls first, policy, target
"""

CONNECTIONS = """
select 100.0 * sum(numbackends) / current_setting('max_connections')::int from pg_stat_database
"""
HIT = "select 100.0 * blks_hit / nullif(blks_hit + blks_read, 0) from pg_stat_database where datname = current_database()"
WRAP = "select 100.0 * age(datfrozenxid) / 2147483648 from pg_database where datname = current_database()"
DEADLOCKS = "select deadlocks from pg_stat_database where datname = current_database()"
ROLLED_BACK = """
select 100.0 * xact_rollback / nullif(xact_commit + xact_rollback, 0) from pg_stat_database where datname = current_database()
"""
TEMPORARY = "select temp_bytes from pg_stat_database where datname = current_database()"

BOARD = BoardSpec(
    uid="cityops-platform",
    title="Ingest and database: does everything arrive",
    description="Readings stored, refused and repeated; gaps; how far behind the rules are; how the database does.",
    page=Page("Health of what arrives", "/health"),
    variables=(KIND,),
    related=(("cityops-fleet", "Health of the devices"), ("cityops-alarms", "Alarms and answers")),
    period="now-6h",
    refresh="30s",
    alarms_of=("kind", "device", "town"),
    incidents_of=("platform", "devices"),
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
                        "select 1000 * extract(epoch from max(received_at)) from ingest_batch where readings > 0",
                        empty="nothing yet",
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
                        way=Way("Fleet: which devices need a look", "/d/cityops-fleet"),
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
                    rows("Devices", HEARD, empty="no devices registered"),
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
                        description="Readings stored of those that the devices' intervals make: in the whole hours of a period "
                        "of up to twelve hours or of today (not the newest), else in the days of UTC that it touches and that are "
                        "over. Empty: measures only now and then.",
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
            "Silence, rules, tables",
            (
                (
                    rows(
                        "Silent devices",
                        SILENT,
                        units={"silent since": "dateTimeFromNow"},
                        empty="every device reports",
                        width=16,
                    ),
                    lines("Readings a batch", BATCH_SIZE, unit="short", width=8),
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
                    rows(
                        "Reading tables",
                        TABLES,
                        units={"size": "bytes"},
                        unknown={"rows, about": "not counted yet"},
                        empty="no reading table",
                        width=24,
                    ),
                ),
            ),
        ),
        Section(
            "Database",
            (
                (
                    number(
                        "Failing policies",
                        "select board.failing_policies()",
                        description="TimescaleDB's refreshes, columnstore and retention whose last run failed.",
                        steps=NONE_IS_GOOD,
                    ),
                    number(
                        "Connections used",
                        CONNECTIONS,
                        unit="percent",
                        decimals=0,
                        steps=((None, GOOD), (70, WARN), (90, BAD)),
                    ),
                    number(
                        "Read from memory",
                        HIT,
                        description="Of all blocks since the statistics were reset.",
                        unit="percent",
                        decimals=1,
                        steps=((None, BAD), (90, WARN), (98, GOOD)),
                    ),
                    number(
                        "To wrap-around",
                        WRAP,
                        description="Age of the oldest transaction that is not frozen, of two thousand million. Vacuum keeps it low.",
                        unit="percent",
                        decimals=0,
                        steps=((None, GOOD), (25, WARN), (50, BAD)),
                    ),
                    number(
                        "Deadlocks",
                        DEADLOCKS,
                        description="Since the statistics were reset.",
                        steps=NONE_IS_FINE,
                    ),
                    number(
                        "Rolled back",
                        ROLLED_BACK,
                        unit="percent",
                        decimals=1,
                        steps=((None, GOOD), (5, WARN)),
                    ),
                ),
                (
                    rows(
                        "Policies",
                        POLICIES,
                        units={
                            "last run": "dateTimeFromNow",
                            "last success": "dateTimeFromNow",
                            "next": "dateTimeFromNow",
                        },
                        unknown={"status": "has not run", "last run": "never", "last success": "never"},
                        empty="plain PostgreSQL has none: its aggregates are worked out when asked",
                        width=18,
                    ),
                    number(
                        "Spilled to disk",
                        TEMPORARY,
                        description="By queries, since the statistics were reset.",
                        unit="bytes",
                        width=6,
                        height=8,
                    ),
                ),
            ),
        ),
    ),
)
