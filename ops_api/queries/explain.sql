-- decision
select decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result,
       created_at, expected, missing, missing_devices, would_change, would_differ, catalogue_id
from decision where decision_id = %(decision_id)s

-- alarm_to_explain
-- Masked (routines/masking.sql), without what was measured in a home.
select a.alarm_id, a.rule_id, a.rule_version, a.subject_kind, a.subject as scope,
       masked_subject(a.subject_kind, a.subject, h.home_id, a.cleared_at) as subject,
       a.severity, a.raised_at, a.cleared_at, a.held_since, a.flapping, a.catalogue_id,
       masked_title(a.subject_kind, a.title, h.home_id, h.code, h.label, a.cleared_at) as title,
       masked_reason(a.subject_kind, a.reason, h.home_id, h.code, h.label, a.cleared_at) as reason,
       case when x.is_home then '{}'::jsonb else a.inputs end as inputs,
       case when x.is_home then null else a.would_change end as would_change,
       case when not x.is_home then a.would_differ
            when a.subject_kind = 'home' and a.would_differ is not null
            then jsonb_build_object('text', a.would_differ ->> 'text') end as would_differ,
       h.home_id::text as home_id
from alarm a
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
cross join lateral (
    select a.subject_kind = 'home' or exists (
        select from alarm_member m where m.alarm_id = a.alarm_id and m.kind = 'home'
    ) or a.subject_kind = 'device' and a.rule_id <> 'device.silent' and is_private(a.subject) as is_home
) x
where a.alarm_id = %(alarm_id)s

-- alarm_members_to_explain
-- The worst first, masked (routines/masking.sql); of a device in a home only when it was silent is told.
-- who: the same for the same member; homes that are not named are told apart by it.
select m.kind, dense_rank() over (order by m.kind, m.subject) as who,
       masked_subject(m.kind, m.subject, mh.home_id, m.left_at) as subject,
       case when m.kind = 'home' then masked_subject(m.kind, m.subject, mh.home_id, m.left_at)
            else coalesce(s.street || ' (' || m.subject || ')', b.label, m.subject) end as label,
       m.severity, m.joined_at, m.left_at,
       masked_member(m.kind, m.subject, m.reason, a.rule_id, a.subject_kind, mh, h, coalesce(m.left_at, a.cleared_at)) as reason,
       case when m.kind = 'home' or a.rule_id <> 'device.silent' and (
                 a.subject_kind = 'home' or m.kind = 'device' and is_private(m.subject)) then '{}'::jsonb
            else m.inputs end as inputs
from alarm_member m
join alarm a using (alarm_id)
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
left join home_named mh on m.kind = 'home' and mh.code = m.subject
left join road_segment s on m.kind = 'segment' and s.segment_id = m.subject
left join bin_site b on m.kind = 'bin' and b.bin_id = m.subject
where m.alarm_id = %(alarm_id)s
order by m.left_at is not null,
         array_position(array['critical', 'major', 'warning', 'info'], m.severity), m.joined_at, m.subject

-- overrides_then
-- What somebody had set for these subjects at a time.
select override_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at
from rule_override
where rule_id = %(rule_id)s and scope = any (%(scopes)s::text[]) and taken_at is not null
  and starts_at <= %(at)s and least(expires_at, coalesce(withdrawn_at, 'infinity')) > %(at)s
order by override_id desc

-- catalogue_files
select files from catalogue_version where catalogue_id = %(catalogue_id)s

-- kinds_of_devices
select name, kind from device_named where name = any (%(names)s::text[])
