-- alarm_log_newest
select coalesce(max(log_id), 0) as log_id from alarm_log_head

-- alarm_log_after
-- With the snapshot they are of: which transactions may still write a line before one of them.
select coalesce((select jsonb_agg(jsonb_build_array(l.log_id, l.alarm_id) order by l.log_id) from (
           select log_id, alarm_id from alarm_log_head where log_id > %(after)s order by log_id limit %(limit)s) l), '[]') as lines,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_open,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid

-- alarm_log_version
-- Changes with every line, also one that commits after others with higher numbers.
select max(log_id) as newest, count(*) as lines
from alarm_log_head where log_id > (select coalesce(max(log_id), 0) - 1000 from alarm_log_head)

-- notify_version
-- Changes with every message, attempt and delivery, and with who is on call.
select max(n.notification_id) as newest, count(*) filter (where n.state in ('pending', 'sending')) as waiting,
       count(*) filter (where n.state = 'sending') as sending, sum(n.attempts) as attempts,
       count(n.delivered_at) as delivered, max(n.retry_at) as retry_at,
       (select max(log_id) from alarm_log_head) as alarm_log,
       (select count(*) from rota_shift where from_at <= %(now)s and to_at > %(now)s) as on_call
from notification_shown n
where n.notification_id > (select coalesce(max(notification_id), 0) - 1000 from notification_shown)
