-- stored_alarms
select a.rule_id, a.subject_kind, a.subject, a.severity, extract(epoch from a.raised_at)::float8,
       extract(epoch from a.cleared_at)::float8, a.title, a.reason,
       coalesce((select array_agg(distinct m.subject order by m.subject) from alarm_member m
                 where m.alarm_id = a.alarm_id and m.joined_at < to_timestamp(%(to_s)s)), '{}'),
       a.flapping
from alarm a
where a.raised_at < to_timestamp(%(to_s)s)
  and not starts_with(a.rule_id, 'platform.') and a.rule_id not in ('winter.order_unanswered', 'device.quarantined')  -- the desks', which no replay plays
  and (a.cleared_at is null or a.cleared_at >= to_timestamp(%(from_s)s))
order by a.alarm_id

-- stored_decisions
select rule_id, subject_kind, subject, extract(epoch from decided_at)::float8, outcome, reason,
       result #- '{drive,geometry}'
from decision
where decided_at >= to_timestamp(%(from_s)s) and decided_at < to_timestamp(%(to_s)s)
order by decision_id

-- homes
-- What hides a home's code and label: its number.
select code, label, home_id from home

-- devices
select device_id, name from device
