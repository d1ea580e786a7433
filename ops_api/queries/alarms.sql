-- alarms
-- Homes are masked (routines/masking.sql). in_home marks a device that has no page: it is or was in a home.
select a.alarm_id, a.rule_id, a.rule_version, a.subject_kind,
       masked_subject(a.subject_kind, a.subject, h.home_id, a.cleared_at) as subject,
       a.severity, a.raised_at, a.cleared_at, a.acknowledged_at, a.acknowledged_by,
       a.assignee, a.shelved_until, a.closed_at, a.closed_by, a.verdict, a.flapping, a.is_group,
       (select count(*) from alarm_member m where m.alarm_id = a.alarm_id and m.left_at is null) as members_now,
       masked_title(a.subject_kind, a.title, h.home_id, h.code, h.label, a.cleared_at) as title,
       masked_reason(a.subject_kind, a.reason, h.home_id, h.code, h.label, a.cleared_at) as reason,
       a.subject_kind = 'device' and is_private(a.subject) as in_home,
       case when a.subject_kind = 'home' or exists (
           select from alarm_member m where m.alarm_id = a.alarm_id and m.kind = 'home'
       ) or a.subject_kind = 'device' and a.rule_id <> 'device.silent' and is_private(a.subject) then '{}'::jsonb else a.inputs end as inputs
from alarm a
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
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
select m.alarm_id, m.kind,
       masked_subject(m.kind, m.subject, mh.home_id, m.left_at) as subject,
       case when m.kind = 'home' then masked_subject(m.kind, m.subject, mh.home_id, m.left_at)
            else coalesce(s.street || ' (' || m.subject || ')', b.label, m.subject) end as label,
       m.severity, m.joined_at, m.left_at,
       masked_member(m.kind, m.subject, m.reason, a.rule_id, a.subject_kind, mh, h, coalesce(m.left_at, a.cleared_at)) as reason,
       m.kind = 'device' and is_private(m.subject) as in_home
from alarm_member m
join alarm a using (alarm_id)
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
left join home_named mh on m.kind = 'home' and mh.code = m.subject
left join road_segment s on m.kind = 'segment' and s.segment_id = m.subject
left join bin_site b on m.kind = 'bin' and b.bin_id = m.subject
where m.alarm_id = any (%(alarm_ids)s::bigint[])
order by m.alarm_id, m.left_at is not null,
         array_position(array['critical', 'major', 'warning', 'info'], m.severity), m.joined_at, m.kind, m.subject
limit %(limit)s

-- alarm_counts
select rule_id, subject_kind, severity, count(*) as alarms, min(raised_at) as oldest,
       count(*) filter (where acknowledged_at is null) as unacknowledged
from alarm where cleared_at is null group by 1, 2, 3
