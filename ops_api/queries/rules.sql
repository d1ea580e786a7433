-- rules_live
select catalogue_id, label, files, created_at, created_by from catalogue_version where state = 'live'

-- rule_overrides
-- Homes masked (routines/shown.sql).
select override_id, rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at, withdrawn_at,
       withdrawn_by, taken_at is not null as in_use
from rule_override_shown
where %(rule_id)s::text is null or rule_id = %(rule_id)s
order by override_id desc limit 1000

-- catalogue_history
select l.at, l.catalogue_id, v.label, l.what, l.by, l.reason
from catalogue_log l join catalogue_version v using (catalogue_id)
order by l.log_id desc limit %(limit)s
