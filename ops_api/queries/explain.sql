-- decision
select decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result,
       created_at, expected, missing, missing_devices, would_change, would_differ, catalogue_id
from decision where decision_id = %(decision_id)s

-- alarm_to_explain
-- Masked as in alarms.sql: a home by its number, without what was measured in it.
select a.alarm_id, a.rule_id, a.rule_version, a.subject_kind, a.subject as scope,
       case when a.subject_kind = 'home' then 'home ' || coalesce(h.home_id::text, '?') else a.subject end
           as subject,
       a.severity, a.raised_at, a.cleared_at, a.held_since, a.flapping, a.catalogue_id,
       case when h.home_id is null then a.title
            else replace(replace(a.title, h.code, 'home ' || h.home_id), h.label, 'Home ' || h.home_id) end as title,
       case when h.home_id is null then a.reason
            else replace(replace(a.reason, h.code, 'home ' || h.home_id), h.label, 'Home ' || h.home_id) end
           as reason,
       case when a.subject_kind = 'home' then '{}'::jsonb else a.inputs end as inputs,
       case when a.subject_kind = 'home' then null else a.would_change end as would_change,
       case when a.subject_kind = 'home' then null else a.would_differ end as would_differ,
       h.home_id::text as home_id
from alarm a
left join home h on a.subject_kind = 'home' and h.code = a.subject
where a.alarm_id = %(alarm_id)s

-- alarm_members_to_explain
-- The worst first. A home among them is masked too, and what a device in a home measured.
select m.kind, case when m.kind = 'home' then 'home ' || coalesce(h.home_id::text, '?') else m.subject end as subject,
       m.severity, m.joined_at, m.left_at,
       case when h.home_id is null then m.reason
            else replace(replace(m.reason, h.code, 'home ' || h.home_id), h.label, 'Home ' || h.home_id) end
           as reason,
       case when m.kind = 'home' then '{}'::jsonb else m.inputs end as inputs
from alarm_member m
left join home h on m.kind = 'home' and h.code = m.subject
where m.alarm_id = %(alarm_id)s
order by m.left_at is not null,
         array_position(array['critical', 'major', 'warning', 'info'], m.severity), m.joined_at, m.subject

-- overrides_then
-- What somebody had set for these subjects at a time.
select override_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at
from rule_override
where rule_id = %(rule_id)s and scope = any (%(scopes)s::text[])
  and starts_at <= %(at)s and least(expires_at, coalesce(withdrawn_at, 'infinity')) > %(at)s
order by override_id desc

-- catalogue_files
select files from catalogue_version where catalogue_id = %(catalogue_id)s

-- kinds_of_devices
select name, kind from device where name = any (%(names)s::text[])
