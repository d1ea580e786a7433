"""What becomes of LoRaWAN events, into PostgreSQL, in the transaction of their batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from ingest.core.lorawan.marks import InboxMarks
from ingest.ports import EventsTakenError

# A row that is locked is being stored by someone else: not waited for, but left to them.
CLAIM: LiteralString = """
select event_id from lorawan_inbox where event_id = any(%s) and state = 'waiting' order by 1 for update skip locked
"""

OUTCOMES: LiteralString = """
update lorawan_inbox i set state = r.state, reason_code = r.reason_code, reason = r.reason,
    codec_id = coalesce(r.codec_id, i.codec_id), attempts = i.attempts + 1, done_at = now(),
    payload = case when r.forget then null else i.payload end, body = case when r.forget then '' else i.body end
from jsonb_to_recordset(%s) as r(event_id bigint, state text, reason_code text, reason text, codec_id integer, forget boolean)
where i.event_id = r.event_id
"""

RUNS: LiteralString = """
insert into lorawan_session as t (dev_eui, boot, session, first_at, last_at, first_f_cnt, last_f_cnt)
select r.* from jsonb_to_recordset(%s) as r(dev_eui text, boot bigint, session text, first_at timestamptz, last_at timestamptz,
    first_f_cnt bigint, last_f_cnt bigint)
on conflict (dev_eui, boot) do update set first_at = excluded.first_at, last_at = excluded.last_at,
    first_f_cnt = excluded.first_f_cnt, last_f_cnt = excluded.last_f_cnt
"""

# What comes late changes nothing that is newer.
HEARD: LiteralString = """
insert into lorawan_device as t (dev_eui, source_id, application_id, lns_device_id, label, dev_addr, first_seen_at, last_seen_at,
    last_join_at, uplinks, f_cnt, f_port, gateway, rssi_dbm, snr_db, spreading, frequency_hz, airtime_ms, battery_pct,
    external_power, margin_db, status_at)
select r.dev_eui, r.source_id, r.application_id, r.lns_device_id, r.label, r.dev_addr, r.at, r.at, r.joined_at, r.uplinks, r.f_cnt,
    r.f_port, r.gateway, r.rssi_dbm, r.snr_db, r.spreading, r.frequency_hz, r.airtime_ms, r.battery_pct, r.external_power,
    r.margin_db, r.status_at
from jsonb_to_recordset(%s) as r(dev_eui text, source_id integer, application_id text, lns_device_id text, label text, dev_addr text,
    at timestamptz, joined_at timestamptz, uplinks bigint, f_cnt bigint, f_port smallint, gateway text, rssi_dbm real, snr_db real,
    spreading smallint, frequency_hz bigint, airtime_ms real, battery_pct real, external_power boolean, margin_db real,
    status_at timestamptz)
order by 1
on conflict (dev_eui) do update set
    first_seen_at = least(t.first_seen_at, excluded.first_seen_at), last_seen_at = greatest(t.last_seen_at, excluded.last_seen_at),
    uplinks = t.uplinks + excluded.uplinks, last_join_at = greatest(t.last_join_at, excluded.last_join_at),
    (source_id, application_id, lns_device_id, label, dev_addr, f_cnt, f_port, gateway, rssi_dbm, snr_db, spreading, frequency_hz,
        airtime_ms) = (select
        case when n.newer then excluded.source_id else t.source_id end,
        case when n.newer then coalesce(nullif(excluded.application_id, ''), t.application_id) else t.application_id end,
        case when n.newer then coalesce(nullif(excluded.lns_device_id, ''), t.lns_device_id) else t.lns_device_id end,
        case when n.newer then coalesce(nullif(excluded.label, ''), t.label) else t.label end,
        case when n.newer then coalesce(excluded.dev_addr, t.dev_addr) else t.dev_addr end,
        case when n.newer then coalesce(excluded.f_cnt, t.f_cnt) else t.f_cnt end,
        case when n.newer then coalesce(excluded.f_port, t.f_port) else t.f_port end,
        case when n.newer then coalesce(excluded.gateway, t.gateway) else t.gateway end,
        case when n.newer then coalesce(excluded.rssi_dbm, t.rssi_dbm) else t.rssi_dbm end,
        case when n.newer then coalesce(excluded.snr_db, t.snr_db) else t.snr_db end,
        case when n.newer then coalesce(excluded.spreading, t.spreading) else t.spreading end,
        case when n.newer then coalesce(excluded.frequency_hz, t.frequency_hz) else t.frequency_hz end,
        case when n.newer then coalesce(excluded.airtime_ms, t.airtime_ms) else t.airtime_ms end
        from (select excluded.last_seen_at >= t.last_seen_at as newer) n),
    (battery_pct, external_power, margin_db, status_at) = (select
        case when n.newer then coalesce(excluded.battery_pct, t.battery_pct) else t.battery_pct end,
        case when n.newer then coalesce(excluded.external_power, t.external_power) else t.external_power end,
        case when n.newer then coalesce(excluded.margin_db, t.margin_db) else t.margin_db end,
        case when n.newer then excluded.status_at else t.status_at end
        from (select excluded.status_at >= coalesce(t.status_at, '-infinity') as newer) n)
"""

# A step back is not taken: an acknowledgement may be told before the sending.
DOWNLINKS: LiteralString = """
update lorawan_downlink d set
    radioed_at = case when r.news = 'radioed' then coalesce(d.radioed_at, r.at) else d.radioed_at end,
    state = case when r.news in ('acknowledged', 'failed') then r.news when d.state = 'queued' then 'sent' else d.state end,
    sent_at = coalesce(d.sent_at, r.at),
    done_at = case when r.news in ('acknowledged', 'failed') then r.at else d.done_at end,
    problem = case when r.news = 'failed' then r.problem else d.problem end
from jsonb_to_recordset(%s) as r(correlation text, news text, at timestamptz, problem text)
where d.correlation = r.correlation and d.state <> 'acknowledged'
"""


async def claim_events(cursor: psycopg.AsyncCursor[Any], marks: InboxMarks) -> None:
    """Lock the events of a batch until the transaction ends.

    Raises:
        EventsTakenError: some are locked by someone else, done already, or gone.
    """
    await cursor.execute(CLAIM, (list(marks.event_ids),))
    taken = set(marks.event_ids) - {row[0] for row in await cursor.fetchall()}
    if taken:
        raise EventsTakenError(taken)


async def write_marks(cursor: psycopg.AsyncCursor[Any], marks: InboxMarks) -> None:
    """Write what became of the events and what was learnt."""
    await cursor.execute(OUTCOMES, (_rows(marks.outcomes),))
    if marks.runs:
        await cursor.execute(RUNS, (_rows(marks.runs),))
    if marks.heard:
        await cursor.execute(HEARD, (_rows(marks.heard),))
    for note in marks.downlinks:  # in their order: one may be told several things of
        await cursor.execute(DOWNLINKS, (_rows([note]),))


def _rows(values: Iterable[Any]) -> Jsonb:
    return Jsonb([{name: _told(value) for name, value in asdict(one).items()} for one in values])


def _told(value: object) -> object:
    """Return a value as JSON has it, for a column: a name that a server sends may hold a NUL, which no text may."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.replace("\x00", "\\0") if isinstance(value, str) else value
