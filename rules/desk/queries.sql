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
select alarm_id from alarm where alarm_id = %(alarm_id)s for update of alarm

-- alarms
-- Read after locking: what others wrote before they let go is seen. Homes are masked (cityops/db/routines/masking.sql):
-- what is told of them is in the words that go out.
select a.alarm_id, a.rule_id, a.subject_kind,
       masked_subject(a.subject_kind, a.subject, h.home_id, a.cleared_at) as subject,
       a.severity,
       extract(epoch from a.raised_at)::float8 as raised_s, extract(epoch from a.cleared_at)::float8 as cleared_s,
       extract(epoch from a.acknowledged_at)::float8 as acknowledged_s, a.acknowledged_by, a.acknowledged_severity,
       a.assignee, extract(epoch from a.shelved_until)::float8 as shelved_until_s,
       extract(epoch from a.closed_at)::float8 as closed_s, a.closed_by, a.verdict, a.flapping,
       a.escalation_step as step, a.told,
       masked_title(a.subject_kind, a.title, h.home_id, h.code, h.label, a.cleared_at) as title,
       masked_reason(a.subject_kind, a.reason, h.home_id, h.code, h.label, a.cleared_at) as reason
from alarm a
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
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
select 1 from alarm_log where alarm_id = %(alarm_id)s and request_id = %(request_id)s

-- put_alarms
update alarm a
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
insert into event (kind, subject_kind, subject, at, detail)
select 'alarm_acknowledged', a.subject_kind, a.subject, to_timestamp(x.at_s),
       jsonb_build_object('alarm_id', a.alarm_id, 'by', x."by", 'note', coalesce(x.detail ->> 'note', ''))
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    place integer, alarm_id bigint, at_s float8, "by" text, what text, detail jsonb)
join alarm a using (alarm_id)
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
-- Only fields that say nothing of a home; its own and its members' names are replaced. What the engine says of one is
-- masked as of then; what people typed is theirs.
select l.log_id, l.alarm_id, extract(epoch from l.at)::float8 as at_s, l.actor, l."by", l.via, l.what,
       jsonb_strip_nulls(jsonb_build_object(
           'severity', l.detail -> 'severity', 'before', l.detail -> 'before', 'begins', l.detail -> 'begins',
           'changes', l.detail -> 'changes', 'to', l.detail -> 'to', 'kind', l.detail -> 'kind',
           'step', l.detail -> 'step', 'after_s', l.detail -> 'after_s', 'messages', l.detail -> 'messages',
           'until_s', l.detail -> 'until_s', 'verdict', l.detail -> 'verdict', 'by', l.detail -> 'by',
           'error', l.detail -> 'error',
           'member_kind', m.kind,
           'member', masked_subject(m.kind, m.subject, mh.home_id, l.at),
           'member_label', coalesce(s.street || ' (' || m.subject || ')', b.label),
           'member_severity', l.detail -> 'member' ->> 'severity'
       )) || coalesce((
           select jsonb_object_agg(t.name, case
                      when l.actor <> 'engine' or t.name <> 'reason'
                      then by_number(by_number(t.said, case when home_told(h.home_id, l.at) then h.home_id end, h.code, h.label),
                                     case when home_told(mh.home_id, l.at) then mh.home_id end, mh.code, mh.label)
                      when m.kind is not null
                      then masked_member(m.kind, m.subject, t.said, a.rule_id, a.subject_kind, mh, h, l.at)
                      else masked_reason(a.subject_kind, t.said, h.home_id, h.code, h.label, l.at) end)
           from (values ('reason', coalesce(l.detail ->> 'reason', l.detail -> 'member' ->> 'reason')),
                        ('text', l.detail ->> 'text'), ('note', l.detail ->> 'note')) t(name, said)
           where t.said is not null
             -- A home that is gone can't be replaced by its number.
             and not (a.subject_kind = 'home' and h.home_id is null)
             and not (m.kind is not distinct from 'home' and mh.home_id is null)), '{}') as detail
from alarm_log l
join alarm a using (alarm_id)
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
cross join lateral (select
    coalesce(l.detail -> 'member' ->> 'kind', l.detail ->> 'member_kind') as kind,
    coalesce(l.detail -> 'member' ->> 'subject', l.detail ->> 'member') as subject) m
left join home_named mh on m.kind = 'home' and mh.code = m.subject
left join road_segment s on m.kind = 'segment' and s.segment_id = m.subject
left join bin_site b on m.kind = 'bin' and b.bin_id = m.subject
where l.alarm_id = any (%(alarm_ids)s::bigint[]) or l.log_id = any (%(log_ids)s::bigint[])
order by l.log_id

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)
