-- alarms
-- A home's alarm is named by the home's number: its code is the resident's secret and
-- its label may be an address. in_home marks a device that has no page for the same reason.
select a.alarm_id, a.rule_id, a.rule_version, a.subject_kind,
       case when a.subject_kind = 'home' then 'home ' || coalesce(h.home_id::text, '?') else a.subject end
           as subject,
       a.severity, a.raised_at, a.cleared_at, a.acknowledged_at, a.acknowledged_by,
       case when h.home_id is null then a.title
            else replace(replace(a.title, h.code, 'home ' || h.home_id), h.label, 'Home ' || h.home_id) end as title,
       case when h.home_id is null then a.reason
            else replace(replace(a.reason, h.code, 'home ' || h.home_id), h.label, 'Home ' || h.home_id) end
           as reason,
       a.subject_kind = 'device' and exists (
           select from home_device hd join device d using (device_id) where d.name = a.subject
       ) as in_home,
       case when a.subject_kind = 'home' then '{}'::jsonb else a.inputs end as inputs
from alarm a
left join home h on a.subject_kind = 'home' and h.code = a.subject
where (%(alarm_id)s::bigint is null or a.alarm_id = %(alarm_id)s)
  and (%(active)s::boolean is null or (a.cleared_at is null) = %(active)s)
  and (%(severity)s::text is null or a.severity = %(severity)s)
  and (%(subject_kind)s::text is null or a.subject_kind = %(subject_kind)s)
  and (%(before)s::bigint is null or a.alarm_id < %(before)s)
order by a.alarm_id desc limit %(limit)s

-- alarm_counts
select rule_id, subject_kind, severity, count(*) as alarms, min(raised_at) as oldest,
       count(*) filter (where acknowledged_at is null) as unacknowledged
from alarm where cleared_at is null group by 1, 2, 3

-- alarm_acknowledge
update alarm set acknowledged_at = %(at)s, acknowledged_by = %(by)s
where alarm_id = %(alarm_id)s and acknowledged_at is null
returning alarm_id, rule_id, subject_kind, subject

-- alarm_acknowledged_event
insert into event (kind, subject_kind, subject, at, detail)
values ('alarm_acknowledged', %(subject_kind)s, %(subject)s, %(at)s,
        jsonb_build_object('alarm_id', %(alarm_id)s::bigint, 'by', %(by)s::text, 'note', %(note)s::text))
