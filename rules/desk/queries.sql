-- lock_unplanned
-- Alarms with lines to follow up, the longest waiting first; those that somebody has locked come later.
select alarm_id from alarm
where alarm_id in (
    select alarm_id from alarm_log where planned_at is null group by alarm_id order by min(log_id) limit %(limit)s)
order by alarm_id
for update of alarm skip locked

-- lock_due
select alarm_id from alarm
where alarm_id in (
    select alarm_id from alarm_timer where due_at <= to_timestamp(%(now_s)s)
    group by alarm_id order by min(due_at) limit %(limit)s)
order by alarm_id
for update of alarm skip locked

-- lock_alarm
select alarm_id from alarm_desk where alarm_id = %(alarm_id)s for update

-- alarms
-- Read after locking: what others wrote before they let go is seen. Homes are masked (cityops/db/routines/shown.sql):
-- what is told of them is in the words that go out.
select a.alarm_id, a.rule_id, a.subject_kind, a.subject, a.severity,
       extract(epoch from a.raised_at)::float8 as raised_s, extract(epoch from a.cleared_at)::float8 as cleared_s,
       extract(epoch from a.acknowledged_at)::float8 as acknowledged_s, a.acknowledged_by, a.acknowledged_severity,
       a.assignee, extract(epoch from a.shelved_until)::float8 as shelved_until_s,
       extract(epoch from a.closed_at)::float8 as closed_s, a.closed_by, a.verdict, a.flapping,
       a.escalation_step as step, a.told, a.title, a.reason
from alarm_shown a
where a.alarm_id = any (%(alarm_ids)s)

-- unplanned
select log_id, alarm_id, extract(epoch from at)::float8 as at_s, actor, "by", via, what, detail, request_id
from alarm_log where planned_at is null and alarm_id = any (%(alarm_ids)s) order by log_id

-- heard
-- To whom messages of alarms went: they hear that it is over, whoever is on call by then.
select alarm_id, array_agg(distinct array[recipient, severity]) as said from notification
where alarm_id = any (%(alarm_ids)s) and kind <> 'cleared' group by alarm_id

-- due
select alarm_id, name, extract(epoch from due_at)::float8 as due_s
from alarm_timer where due_at <= to_timestamp(%(now_s)s) and alarm_id = any (%(alarm_ids)s)
order by due_at, alarm_id, name

-- holding
-- Alarms that explain others: of those nobody is told meanwhile.
select distinct rule_id from alarm where cleared_at is null and closed_at is null and rule_id = any (%(rule_ids)s)

-- next_due
select extract(epoch from min(due_at))::float8 from alarm_timer

-- known_request
select 1 from alarm_log_head where alarm_id = %(alarm_id)s and request_id = %(request_id)s

-- put_alarms
update alarm_desk a
set acknowledged_at = to_timestamp(x.acknowledged_s), acknowledged_by = x.acknowledged_by,
    acknowledged_severity = x.acknowledged_severity, assignee = x.assignee,
    shelved_until = to_timestamp(x.shelved_until_s), closed_at = to_timestamp(x.closed_s), closed_by = x.closed_by,
    verdict = x.verdict, escalation_step = x.step, told = x.told
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    alarm_id bigint, acknowledged_s float8, acknowledged_by text, acknowledged_severity text, assignee text,
    shelved_until_s float8, closed_s float8, closed_by text, verdict text, step smallint, told text[])
where a.alarm_id = x.alarm_id

-- add_entries
-- What the desk writes it has followed up itself.
insert into alarm_log (alarm_id, at, actor, "by", via, what, detail, request_id, planned_at)
select alarm_id, to_timestamp(at_s), actor, "by", via, what, detail, request_id,
       case when actor in ('desk', 'channel') then now() end
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    place integer, alarm_id bigint, at_s float8, actor text, "by" text, via text, what text, detail jsonb,
    request_id text)
order by place

-- add_acknowledged
select alarm_acknowledged(x.alarm_id, to_timestamp(x.at_s), x."by", x.detail ->> 'note')
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    place integer, alarm_id bigint, at_s float8, "by" text, what text, detail jsonb)
where x.what = 'acknowledged'
order by x.place

-- drop_timers
delete from alarm_timer t
using jsonb_to_recordset(%(rows)s::jsonb) as x(alarm_id bigint, name text)
where t.alarm_id = x.alarm_id and t.name = x.name

-- set_timers
insert into alarm_timer (alarm_id, name, due_at)
select alarm_id, name, to_timestamp(due_s)
from jsonb_to_recordset(%(rows)s::jsonb) as x(alarm_id bigint, name text, due_s float8)
on conflict (alarm_id, name) do update set due_at = excluded.due_at

-- set_planned
update alarm_log set planned_at = now() where log_id = any (%(log_ids)s)

-- add_notifications
insert into notification (key, alarm_id, log_id, recipient, channel, kind, severity, title, body, data,
                          not_before, expires_at, fallback, gather_from)
select key, alarm_id, log_id, recipient, channel, kind, severity, title, body, data,
       to_timestamp(not_before_s), to_timestamp(expires_s), fallback, to_timestamp(gather_from_s)
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    key text, alarm_id bigint, log_id bigint, recipient text, channel text, kind text,
    severity text, title text, body text, data jsonb, not_before_s float8, expires_s float8, fallback text[],
    gather_from_s float8)
on conflict (key) do nothing

-- timeline
-- Masked (cityops/db/routines/shown.sql).
select log_id, alarm_id, extract(epoch from at)::float8 as at_s, actor, "by", via, what, detail
from alarm_log_shown
where alarm_id = any (%(alarm_ids)s::bigint[]) or log_id = any (%(log_ids)s::bigint[])
order by log_id

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)
