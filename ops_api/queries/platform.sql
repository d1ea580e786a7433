-- version
-- Changes when anything a page shows may have changed; cheap enough to ask every second.
select (select max(batch_id) from ingest_batch) as batch,
       (select max(updated_at) from rule_cursor) as rules,
       diary_newest() as diary,
       (select max(log_id) from alarm_log_head) as alarm_log

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
-- What was counted and not kept is of whole hours: those that reach into the period.
with kept as (
    select reason_code, min(reason) as example, count(*) as kept, count(replayed_at) as replayed,
           max(received_at) as last_at
    from dead_letter_shown where received_at >= %(since)s group by 1
), counted as (
    select reason_code, sum(letters)::bigint as not_kept, max(last_at) as last_at
    from dead_letter_overflow where last_at >= %(since)s group by 1
)
select reason_code, coalesce(k.example, reason_code) as example,
       coalesce(k.kept, 0) + coalesce(c.not_kept, 0) as dead_letters, coalesce(k.replayed, 0) as replayed,
       coalesce(c.not_kept, 0) as not_kept, greatest(k.last_at, c.last_at) as last_at
from kept k full join counted c using (reason_code) order by 3 desc, 1

-- dead_letters_not_kept
-- The name of a registered device says no more than the list of devices does.
select hour, device, shard, reason_code, letters, payload_bytes, last_at
from dead_letter_overflow
where (%(reason_code)s::text is null or reason_code = %(reason_code)s)
  and (%(device)s::text is null or device = %(device)s)
order by last_at desc, device, shard, reason_code limit %(limit)s

-- dead_letters_not_kept_total
select coalesce(sum(letters), 0)::bigint as letters, count(distinct device) as devices, min(hour) as since
from dead_letter_overflow
where (%(reason_code)s::text is null or reason_code = %(reason_code)s)
  and (%(device)s::text is null or device = %(device)s)

-- dead_letters
-- What a device in a home sent, or a diary, is the household's: its payload stays in the database.
select l.dead_letter_id, l.received_at, l.topic, l.device, l.kind, l.reason_code, l.reason, l.field, l.boot, l.seq, l.payload,
       l.payload_withheld, l.payload_bytes, l.replayed_at
from dead_letter_shown l
where (%(dead_letter_id)s::bigint is null or l.dead_letter_id = %(dead_letter_id)s)
  and (%(reason_code)s::text is null or l.reason_code = %(reason_code)s)
  and (%(device)s::text is null or l.device = %(device)s)
  and (%(before)s::bigint is null or l.dead_letter_id < %(before)s)
order by l.dead_letter_id desc limit %(limit)s

-- ping
select 1 as one

-- last_backup
-- The last good back-up, when one was last restored for a check, and how many failed since; nulls without one.
with good as (select started_at, bytes from backup_run where ok order by started_at desc limit 1)
select (select started_at from good) as started_at, (select bytes from good) as bytes,
       (select max(verified_at) from backup_run) as verified_at,
       (select count(*) from backup_run
         where not ok and started_at > coalesce((select started_at from good), '-infinity')) as failed

-- retention_runs
select at, dropped from retention_run order by run_id desc limit %(most)s

-- privacy_noted
select audit_add(%(at_us)s, 'cli', %(by)s, '', 'cli', %(action)s, %(about)s, '', 'done', '', '', '{}')
