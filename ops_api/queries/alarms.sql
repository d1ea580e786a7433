-- alarms
-- Homes are masked (routines/shown.sql). in_home marks a device that has no page: it is or was in a home.
select a.alarm_id, a.rule_id, a.rule_version, a.subject_kind, a.subject, a.severity, a.raised_at, a.cleared_at,
       a.acknowledged_at, a.acknowledged_by, a.assignee, a.shelved_until, a.closed_at, a.closed_by, a.verdict, a.flapping,
       a.is_group, a.members_now,
       a.title, a.reason, a.in_home, a.inputs
from alarm_shown a
where (%(alarm_ids)s::bigint[] is null or a.alarm_id = any (%(alarm_ids)s))
  and (%(active)s::boolean is null or (a.cleared_at is null) = %(active)s)
  and (%(severity)s::text is null or a.severity = %(severity)s)
  and (%(subject_kind)s::text is null or a.subject_kind = %(subject_kind)s)
  and (%(rule)s::text is null or a.rule_id = %(rule)s)
  and (%(assignee)s::text is null or lower(a.assignee) = lower(%(assignee)s))
  and (%(acknowledged)s::boolean is null or (a.acknowledged_at is not null) = %(acknowledged)s)
  and (%(shelved)s::boolean is null or (a.shelved_until is not null) = %(shelved)s)
  and (%(closed)s::boolean is null or (a.closed_at is not null) = %(closed)s)
  and (%(before)s::bigint is null or a.alarm_id < %(before)s)
order by a.alarm_id desc limit %(limit)s

-- alarm_members
-- Those in it first, the worst of them first, then who left; homes masked, as everywhere.
select m.alarm_id, m.kind, m.subject, m.label, m.severity, m.joined_at, m.left_at, m.reason, m.in_home
from alarm_member_shown m
where m.alarm_id = any (%(alarm_ids)s::bigint[])
order by m.alarm_id, m.left_at is not null,
         array_position(array['critical', 'major', 'warning', 'info'], m.severity), m.joined_at, m.kind, m.subject
limit %(limit)s

-- alarm_counts
select rule_id, subject_kind, severity, count(*) as alarms, min(raised_at) as oldest,
       count(*) filter (where acknowledged_at is null) as unacknowledged
from alarm_shown where cleared_at is null group by 1, 2, 3
