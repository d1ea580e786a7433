"""The platform's own alarms: what is watched, from when on it is too much, and what an operator is told.

Each asks the database one question whose answer is one number, every minute, as the
dashboards' login. That the database does not answer is an alarm too. What is wrong in the
town (frost, damp, full bins) is no alarm of Grafana's: the rules and the alarm desk tell of
that. Every name has its section in docs/runbook.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "critical"]
OnError = Literal["Error", "Alerting"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alarm of the platform.

    Attributes:
        name: stable; the rule's uid is ``cityops-<name>``, the runbook's anchor ``#<name>``.
        title: what is wrong, in words.
        sql: one row with one number; no macro.
        above: more than this is too much, in ``unit``.
        unit: of the number, for the reader.
        lasting: how long it must last (Grafana's duration).
        severity: label of the alarm.
        meaning: what it means and who notices, for who reads the message.
        on_error: what a query that fails makes of the rule.
    """

    name: str
    title: str
    sql: str
    above: float
    unit: str
    lasting: str
    severity: Severity
    meaning: str
    on_error: OnError = "Error"


NOTHING_INGESTED = """
select coalesce(extract(epoch from now() - coalesce(
           (select received_at from ingest_batch order by batch_id desc limit 1),
           (select min(installed_at) from board.device where retired_at is null))), 0)::float8 as seconds
"""
INGEST_LAG = """
select coalesce(percentile_cont(0.5) within group
           (order by extract(epoch from b.received_at - (k.value ->> 'max_ts')::timestamptz)), 0)::float8 as seconds
  from ingest_batch b cross join lateral jsonb_each(b.kinds) k
 where b.received_at > now() - interval '15 minutes'
"""
RULES_LAG = """
select coalesce(extract(epoch from now() - (
           select received_at from ingest_batch
            where xid > coalesce((select min(xid::text::bigint) from rule_cursor), 0)::text::xid8
            order by xid, batch_id limit 1)), 0)::float8 as seconds
"""
DEAD_LETTERS = """
select case when sum(dead_letters) >= 20
            then 100.0 * sum(dead_letters) / sum(readings + duplicates + dead_letters) else 0 end::float8 as percent
  from ingest_batch where received_at > now() - interval '1 hour'
"""
CONNECTIONS = """
select (100.0 * count(*) / current_setting('max_connections')::int)::float8 as percent from pg_stat_activity
"""
SILENT_SHARE = """
select coalesce(100.0 * (select count(distinct subject) from board.alarm_member
                          where rule_id = 'device.silent' and left_at is null)
                / nullif(count(*), 0), 0)::float8 as percent
  from board.device where retired_at is null
"""

ALERTS: tuple[Alert, ...] = (
    Alert(
        name="database-down",
        title="The database does not answer Grafana",
        sql="select 0::float8 as failed",
        above=0,
        unit="",
        lasting="2m",
        severity="critical",
        meaning="Nothing can be stored, judged or shown. Devices keep their readings.",
        on_error="Alerting",
    ),
    Alert(
        name="nothing-ingested",
        title="No reading was stored for 20 minutes",
        sql=NOTHING_INGESTED,
        above=1200,
        unit="s",
        lasting="5m",
        severity="critical",
        meaning="Pages show old values. Devices keep their readings and send them again.",
    ),
    Alert(
        name="ingest-lag",
        title="Readings are stored more than 10 minutes after they were measured",
        sql=INGEST_LAG,
        above=600,
        unit="s",
        lasting="10m",
        severity="warning",
        meaning="Broker or ingester has a backlog, or many devices send an old one.",
    ),
    Alert(
        name="rules-lag",
        title="Readings wait more than 10 minutes for the rules",
        sql=RULES_LAG,
        above=600,
        unit="s",
        lasting="5m",
        severity="critical",
        meaning="Alarms, gritting decisions and bins to collect come late or not at all.",
    ),
    Alert(
        name="dead-letters",
        title="More than 5% of what arrives is refused",
        sql=DEAD_LETTERS,
        above=5,
        unit="%",
        lasting="10m",
        severity="warning",
        meaning="Messages that can't be read or can't be true are kept as dead letters (20 or more in the hour).",
    ),
    Alert(
        name="silent-share",
        title="More than 20% of the devices are silent",
        sql=SILENT_SHARE,
        above=20,
        unit="%",
        lasting="15m",
        severity="critical",
        meaning="So many at once is a network, a broker or a clock, hardly the devices themselves.",
    ),
    Alert(
        name="notification-outbox",
        title="Messages to people wait more than 10 minutes",
        sql="select board.outbox_age_s() as seconds",
        above=600,
        unit="s",
        lasting="5m",
        severity="critical",
        meaning="Who is on duty is not told of alarms: the sender stands still or its channel refuses.",
    ),
    Alert(
        name="disk",
        title="The database is larger than 100 GB",
        sql="select (pg_database_size(current_database()) / 1e9)::float8 as gigabytes",
        above=100,
        unit="GB",
        lasting="30m",
        severity="warning",
        meaning="Set the number in dashboards/alerts.py to 80% of what the disk has: the database can't see that itself.",
    ),
    Alert(
        name="connections",
        title="More than 80% of the database's connections are taken",
        sql=CONNECTIONS,
        above=80,
        unit="%",
        lasting="5m",
        severity="warning",
        meaning="Soon services and pages are refused.",
    ),
    Alert(
        name="failing-policies",
        title="TimescaleDB's policies fail",
        sql="select board.failing_policies()::float8 as policies",
        above=0,
        unit="policies",
        lasting="30m",
        severity="warning",
        meaning="Aggregates go stale, or readings are neither compressed nor removed when they should be.",
    ),
    Alert(
        name="backup-too-old",
        title="The last good back-up is more than 26 hours old",
        sql="select board.last_backup_h() as hours",
        above=26,
        unit="h",
        lasting="10m",
        severity="warning",
        meaning="Only where back-ups are told to the database; what came since can't be brought back after a loss.",
    ),
)
"""In the order in which Grafana evaluates them."""
