-- settled
select extract(epoch from settled_at)::float8 from rule_cursor where service = %(service)s

-- due
select late_window_id, scope_kind, scope, extract(epoch from from_at)::float8, extract(epoch from to_at)::float8,
       devices, readings, checked_at is not null
from late_window
where state = 'open' and last_arrived <= now() - make_interval(secs => %(rested_s)s)
order by late_window_id

-- checkpoint
select extract(epoch from event_time)::float8, state
from rule_checkpoint
where service = %(service)s and event_time < to_timestamp(%(before_s)s)
order by event_time desc limit 1

-- alarms
-- Up after from_s and raised by at_s, as they were then: the next line of the log says what a severity was before.
select a.rule_id, a.subject_kind, a.subject,
       coalesce((select l.detail ->> 'before' from alarm_log l
                 where l.alarm_id = a.alarm_id and l.actor = 'engine' and l.what = 'severity'
                   and l.at > to_timestamp(%(at_s)s) order by l.log_id limit 1), a.severity),
       extract(epoch from a.raised_at)::float8,
       case when a.cleared_at <= to_timestamp(%(at_s)s) then extract(epoch from a.cleared_at)::float8 end,
       a.title, a.reason,
       coalesce((select array_agg(distinct m.subject order by m.subject) from alarm_member m
                 where m.alarm_id = a.alarm_id and m.joined_at <= to_timestamp(%(at_s)s)), '{}')
from alarm a
where a.raised_at <= to_timestamp(%(at_s)s)
  and (a.cleared_at is null or a.cleared_at > to_timestamp(%(from_s)s))
order by a.alarm_id

-- decisions
select rule_id, subject_kind, subject, extract(epoch from decided_at)::float8, outcome, reason,
       result #- '{drive,geometry}'
from decision
where decided_at >= to_timestamp(%(from_s)s) and decided_at <= to_timestamp(%(to_s)s)
order by decision_id

-- standing
select distinct on (rule_id, subject_kind, subject) rule_id, subject_kind, subject,
       extract(epoch from decided_at)::float8, outcome, reason, result #- '{drive,geometry}'
from decision
where decided_at >= to_timestamp(%(from_s)s) - interval '2 days' and decided_at < to_timestamp(%(from_s)s)
order by rule_id, subject_kind, subject, decided_at desc, decision_id desc

-- other_catalogue
select extract(epoch from max(at))::float8 from (
    select decided_at as at, catalogue_id from decision
    union all
    select raised_at, catalogue_id from alarm
) x
where at >= to_timestamp(%(from_s)s) and at <= to_timestamp(%(to_s)s)
  and catalogue_id is distinct from %(catalogue_id)s::integer

-- lock_alarms
-- In the engine's order, so that neither waits for the other in a circle.
select a.alarm_id from alarm a
join jsonb_to_recordset(%(rows)s::jsonb) as x(rule_id text, subject_kind text, subject text, at_s float8)
  on (a.rule_id, a.subject_kind, a.subject, a.raised_at)
   = (x.rule_id, x.subject_kind, x.subject, to_timestamp(x.at_s))
order by a.rule_id, a.subject_kind, a.subject, a.alarm_id
for update of a

-- mark_alarms
update alarm a
set would_differ = x.would_differ
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    rule_id text, subject_kind text, subject text, at_s float8, would_differ jsonb)
where (a.rule_id, a.subject_kind, a.subject, a.raised_at)
    = (x.rule_id, x.subject_kind, x.subject, to_timestamp(x.at_s))
  and case when x.would_differ is null then a.would_differ -> 'windows' <@ %(windows)s::jsonb
           else a.would_differ ->> 'text' is distinct from x.would_differ ->> 'text' end
returning a.alarm_id, a.would_differ ->> 'text'

-- mark_decisions
update decision d
set would_differ = x.would_differ
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    rule_id text, subject_kind text, subject text, at_s float8, would_differ jsonb)
where (d.rule_id, d.subject_kind, d.subject, d.decided_at)
    = (x.rule_id, x.subject_kind, x.subject, to_timestamp(x.at_s))
  and case when x.would_differ is null then d.would_differ -> 'windows' <@ %(windows)s::jsonb
           else d.would_differ ->> 'text' is distinct from x.would_differ ->> 'text' end
returning d.would_differ ->> 'text'

-- add_log
-- Followed up already: nobody is told.
insert into alarm_log (alarm_id, at, actor, what, detail, planned_at)
select alarm_id, to_timestamp(%(at_s)s), 'engine', 'would_differ', jsonb_build_object('text', text), now()
from jsonb_to_recordset(%(rows)s::jsonb) as x(alarm_id bigint, text text)
order by alarm_id

-- close
update late_window w
set state = x.state, checked_at = now(), result = x.result
from jsonb_to_recordset(%(rows)s::jsonb) as x(late_window_id bigint, readings integer, state text, result jsonb)
where w.late_window_id = x.late_window_id and w.readings = x.readings and w.state = 'open'

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)
