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

COUNTS: LiteralString = """
update ingest_batch set (readings, duplicates, dead_letters, kinds) = (%s, %s, %s, %s) where batch_id = %s
"""

DIARY: LiteralString = """
insert into diary_entry (home_id, at, activity, note, source) values (%s, %s, %s, %s, 'device')
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

DEAD_LETTERS: LiteralString = """
copy dead_letter (received_at, topic, device, kind, reason_code, reason, field, boot, seq, payload,
    payload_bytes) from stdin
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
        letter.boot,
        letter.seq,
        letter.payload,
        letter.payload_bytes,
    )


def trusted(text: str) -> LiteralString:
    """Mark SQL made from kinds, whose names are checked, as what it is: code."""
    return text
