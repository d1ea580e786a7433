-- version
-- Changes when anything a page shows may have changed; cheap enough to ask every second.
select (select max(batch_id) from ingest_batch) as batch,
       (select max(updated_at) from rule_cursor) as rules,
       (select max(diary_entry_id) from diary_entry) as diary,
       (select max(acknowledged_at) from alarm) as acknowledged

-- event_time
select max(event_time) as event_time, max(updated_at) as updated_at from rule_cursor

-- ingest_totals
select count(*) as batches, coalesce(sum(readings), 0) as readings, coalesce(sum(duplicates), 0) as duplicates,
       coalesce(sum(dead_letters), 0) as dead_letters, max(received_at) as last_batch_at
from ingest_batch where received_at >= %(since)s

-- ingest_rate
select date_bin(%(step)s::interval, received_at, %(since)s) as at, sum(readings) as readings
from ingest_batch where received_at >= %(since)s group by 1 order by 1

-- dead_letter_reasons
select reason_code, min(reason) as example, count(*) as dead_letters, max(received_at) as last_at
from dead_letter where received_at >= %(since)s group by 1 order by 3 desc, 1

-- dead_letters
-- What a device in a home sent, or a diary, is the household's: its payload stays in the database.
select l.dead_letter_id, l.received_at, l.topic, l.device, l.kind, l.reason_code, l.reason, l.field, l.boot,
       l.seq, case when private then null else l.payload end as payload, private as payload_withheld,
       l.payload_bytes, l.replayed_at
from dead_letter l
cross join lateral (
    select l.topic like '%%/diary' or exists (
        select from home_device hd join device d using (device_id)
        where d.name = l.device or d.name = any (string_to_array(l.topic, '/'))
    ) as private
) p
where (%(dead_letter_id)s::bigint is null or l.dead_letter_id = %(dead_letter_id)s)
  and (%(reason_code)s::text is null or l.reason_code = %(reason_code)s)
  and (%(device)s::text is null or l.device = %(device)s)
  and (%(before)s::bigint is null or l.dead_letter_id < %(before)s)
order by l.dead_letter_id desc limit %(limit)s

-- ping
select 1 as one
