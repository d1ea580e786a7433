"""Statements of :mod:`ingest.store`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

from ingest.core.reasons import DeadLetter

ENSURE: LiteralString = "select ensure_partitions(%s, %s, %s)"

# The notification rides on the insert: sent at commit, once per batch, a hint only.
BATCH: LiteralString = """
insert into ingest_batch (received_at, shard, readings, duplicates, dead_letters, kinds)
values (%s, %s, %s, %s, %s, %s) on conflict (received_at) do nothing
returning batch_id, pg_notify('cityops_batch', batch_id::text)
"""

BATCH_PROBE: LiteralString = """
insert into ingest_batch (received_at) values (%s) on conflict (received_at) do nothing returning batch_id
"""

BATCH_THERE: LiteralString = "select 1 from ingest_batch where batch_id = %s and received_at = %s"

COUNTS: LiteralString = """
update ingest_batch set (readings, duplicates, dead_letters, kinds) = (%s, %s, %s, %s) where batch_id = %s
"""

DIARY: LiteralString = """
insert into diary_entry (home_id, at, activity, note, source) values (%s, %s, %s, %s, %s)
"""

STATUS: LiteralString = """
insert into device_status as t (device_id, status, status_at)
select r.device_id, r.json::jsonb, %(at)s
from jsonb_to_recordset(%(rows)s) as r(device_id integer, json text)
on conflict (device_id) do update set status = excluded.status, status_at = excluded.status_at
"""

REPORTED: LiteralString = """
insert into device_status as t (device_id, reported, reported_at)
select r.device_id, r.json::jsonb, %(at)s
from jsonb_to_recordset(%(rows)s) as r(device_id integer, json text)
on conflict (device_id) do update set reported = excluded.reported, reported_at = excluded.reported_at
"""

# A device that is gone is left out: its offset would be refused with every batch from now on. What was
# observed stays; a bound, which is from above, gives way to an observation and to a lower bound.
CLOCKS: LiteralString = """
insert into device_clock as t (device_id, boot, offset_us, learnt, said_offset_us)
select d.device_id, b, o, l, s from unnest(%s, %s, %s, %s::text[], %s::bigint[]) u(d, b, o, l, s)
join device d on d.device_id = u.d order by 1, 2
on conflict (device_id, boot) do update set
    offset_us = case when t.learnt <> 'arrival' then t.offset_us
                     when excluded.learnt <> 'arrival' then excluded.offset_us
                     else least(t.offset_us, excluded.offset_us) end,
    learnt = case when t.learnt <> 'arrival' then t.learnt else excluded.learnt end,
    said_offset_us = coalesce(t.said_offset_us, excluded.said_offset_us)
where t.learnt = 'arrival' or (t.said_offset_us is null and excluded.said_offset_us is not null)
"""

DEAD_LETTERS: LiteralString = """
copy dead_letter (received_at, topic, device, kind, reason_code, reason, field, device_id, boot,
    seq, payload, payload_bytes) from stdin
"""

# A row that is locked is being replayed by someone else: not waited for, but left to them.
CLAIM: LiteralString = """
select dead_letter_id from dead_letter
where dead_letter_id = any(%s) and replayed_at is null order by 1 for update skip locked
"""

REPLAYED: LiteralString = "update dead_letter set replayed_at = %s where dead_letter_id = any(%s)"

# In one order for every ingester: two that count for the same sender wait for, not against, each other.
OVERFLOW: LiteralString = """
insert into dead_letter_overflow as t (hour, device, shard, reason_code, letters, payload_bytes, last_at)
select date_trunc('hour', %(at)s::timestamptz, 'UTC'), r.device, r.shard, r.reason_code, r.letters, r.payload_bytes,
    %(at)s
from jsonb_to_recordset(%(rows)s) as r(device text, shard smallint, reason_code text, letters bigint,
    payload_bytes bigint)
order by r.device, r.shard, r.reason_code
on conflict (hour, device, shard, reason_code) do update set letters = t.letters + excluded.letters,
    payload_bytes = t.payload_bytes + excluded.payload_bytes, last_at = greatest(t.last_at, excluded.last_at)
"""


def dead_letter_row(letter: DeadLetter, received_at: datetime) -> tuple[Any, ...]:
    """Return the values of ``DEAD_LETTERS``."""
    return (
        received_at,
        letter.topic,
        letter.device,
        letter.kind,
        str(letter.reason),
        letter.sentence,
        letter.field,
        letter.device_id if letter.has_key else None,
        letter.boot,
        letter.seq,
        letter.payload,
        letter.payload_bytes,
    )


def trusted(text: str) -> LiteralString:
    """Mark SQL made from kinds, whose names are checked, as what it is: code."""
    return text
