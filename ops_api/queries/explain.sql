-- decision
select decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result,
       created_at, expected, missing, missing_devices, would_change, would_differ, catalogue_id
from decision where decision_id = %(decision_id)s

-- alarm_to_explain
-- Masked (routines/shown.sql), without what was measured in a home.
select alarm_id, rule_id, rule_version, subject_kind, scope, subject, severity, raised_at, cleared_at, held_since, flapping,
       catalogue_id, title, reason, inputs, would_change,
       case when not hides then would_differ
            when subject_kind = 'home' and would_differ is not null
            then jsonb_build_object('text', would_differ ->> 'text') end as would_differ, home_id
from alarm_shown
where alarm_id = %(alarm_id)s

-- alarm_members_to_explain
-- The worst first, masked (routines/shown.sql); of a device in a home only when it was silent is told.
select kind, who, subject, label, severity, joined_at, left_at, reason, inputs
from alarm_member_shown
where alarm_id = %(alarm_id)s
order by left_at is not null,
         array_position(array['critical', 'major', 'warning', 'info'], severity), joined_at, who

-- overrides_then
-- What somebody had set for these subjects at a time.
select override_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at
from rule_override_shown
where rule_id = %(rule_id)s and scope = any (%(scopes)s::text[]) and taken_at is not null
  and starts_at <= %(at)s and least(expires_at, coalesce(withdrawn_at, 'infinity')) > %(at)s
order by override_id desc

-- catalogue_files
select files from catalogue_version where catalogue_id = %(catalogue_id)s

-- kinds_of_devices
select name, kind from device_named where name = any (%(names)s::text[])
