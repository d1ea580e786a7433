-- late_windows
-- Homes masked (routines/shown.sql), and without their devices: which device stands where is the household's.
-- would_differ: also of one that is looked at once more, where the first look has found something.
with marked as (
    select jsonb_array_elements(would_differ -> 'windows')::bigint as id from decision where would_differ is not null
    union
    select jsonb_array_elements(would_differ -> 'windows')::bigint from alarm_shown where would_differ is not null
)
select w.late_window_id, w.scope_kind, w.scope, w.label, w.from_at, w.to_at, w.readings, w.first_arrived, w.last_arrived,
       w.state, w.checked_at, w.device_count, w.devices,
       w.state = 'differs' or w.late_window_id in (select id from marked) as would_differ,
       w.judged_from, w.judged_to, w.never_raised
from late_window_shown w
where (%(state)s::text is null or w.state = %(state)s)
  and (%(would_differ)s::boolean is null
       or (w.state = 'differs' or w.late_window_id in (select id from marked)) = %(would_differ)s)
  and (%(ids)s::bigint[] is null or w.late_window_id = any (%(ids)s::bigint[]))
  and (%(before)s::bigint is null or w.late_window_id < %(before)s)
order by w.late_window_id desc limit %(limit)s

-- late_marks
-- What would be otherwise: of the windows asked for. The words hold no name of a home; an alarm's title is masked (routines/shown.sql).
select 'decision' as what, d.decision_id as number, d.rule_id, d.subject_kind, d.subject, d.decided_at as at,
       case when d.rule_id = 'bins.round' then 'Collection round'
            else coalesce(r.label || ' (' || d.subject || ')', d.subject) end || ': ' || replace(d.outcome, '_', ' ') as title,
       d.would_differ ->> 'text' as text,
       array(select jsonb_array_elements(d.would_differ -> 'windows')::bigint) as windows
from decision d
left join gritting_route r on d.subject_kind = 'route' and r.route_id = d.subject
where d.would_differ is not null and exists (
    select from jsonb_array_elements(d.would_differ -> 'windows') w where w::bigint = any (%(ids)s::bigint[]))
union all
select 'alarm', a.alarm_id, a.rule_id, a.subject_kind,
       case when a.subject_kind <> 'home' then a.subject else coalesce(a.home_id, 'a home') end, a.raised_at, a.title,
       a.would_differ ->> 'text',
       array(select jsonb_array_elements(a.would_differ -> 'windows')::bigint)
from alarm_shown a
where a.would_differ is not null and exists (
    select from jsonb_array_elements(a.would_differ -> 'windows') w where w::bigint = any (%(ids)s::bigint[]))
order by at, what, number

-- late_counts
-- Of the windows that came into being since a time of the wall clock; of all where that is null.
with marked as (
    select jsonb_array_elements(would_differ -> 'windows')::bigint as id from decision where would_differ is not null
    union
    select jsonb_array_elements(would_differ -> 'windows')::bigint from alarm_shown where would_differ is not null
)
select count(*) as windows, coalesce(sum(readings), 0)::bigint as readings,
       count(*) filter (where state = 'differs' or id is not null) as differs,
       count(*) filter (where state = 'open' and id is null) as open,
       count(*) filter (where state = 'same' and id is null) as same,
       count(*) filter (where state = 'too_late' and id is null) as too_late
from late_window_shown left join marked on id = late_window_id
where %(since)s::timestamptz is null or first_arrived >= %(since)s

-- late_of_alarm
select array(select jsonb_array_elements(would_differ -> 'windows')::bigint) as windows
from alarm_shown where alarm_id = %(number)s and would_differ is not null

-- late_of_decision
select array(select jsonb_array_elements(would_differ -> 'windows')::bigint) as windows
from decision where decision_id = %(number)s and would_differ is not null
