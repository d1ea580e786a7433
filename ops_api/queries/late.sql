-- late_windows
-- Homes masked (routines/masking.sql), and without their devices: which device stands where is the household's.
-- would_differ: also of one that is looked at once more, where the first look has found something.
with marked as (
    select jsonb_array_elements(would_differ -> 'windows')::bigint as id from decision where would_differ is not null
    union
    select jsonb_array_elements(would_differ -> 'windows')::bigint from alarm where would_differ is not null
)
select w.late_window_id, w.scope_kind,
       case when w.scope_kind <> 'home' then w.scope when home_told(h.home_id, w.to_at) then h.home_id::text
            else 'a home' end as scope,
       case w.scope_kind when 'home' then case when home_told(h.home_id, w.to_at) then 'Home ' || h.home_id else 'A home' end
            when 'route' then coalesce(r.label || ' (' || w.scope || ')', w.scope)
            when 'bin' then coalesce(b.label || ' (' || w.scope || ')', w.scope)
            when 'town' then 'The whole town' else 'Device ' || w.scope end as label,
       w.from_at, w.to_at, w.readings, w.first_arrived, w.last_arrived, w.state, w.checked_at,
       cardinality(w.devices) as device_count,
       array(select d from unnest(w.devices) as d where w.scope_kind <> 'home' and not is_private(d)
             order by d) as devices,
       w.state = 'differs' or w.late_window_id in (select id from marked) as would_differ,
       to_timestamp((w.result ->> 'from_s')::float8) as judged_from,
       to_timestamp((w.result ->> 'to_s')::float8) as judged_to,
       coalesce(w.result -> 'never_raised', '[]') as never_raised
from late_window w
left join home_named h on w.scope_kind = 'home' and h.code = w.scope
left join gritting_route r on w.scope_kind = 'route' and r.route_id = w.scope
left join bin_site b on w.scope_kind = 'bin' and b.bin_id = w.scope
where (%(state)s::text is null or w.state = %(state)s)
  and (%(would_differ)s::boolean is null
       or (w.state = 'differs' or w.late_window_id in (select id from marked)) = %(would_differ)s)
  and (%(ids)s::bigint[] is null or w.late_window_id = any (%(ids)s::bigint[]))
  and (%(before)s::bigint is null or w.late_window_id < %(before)s)
order by w.late_window_id desc limit %(limit)s

-- late_marks
-- What would be otherwise: of the windows asked for. The words hold no name of a home; an alarm's title is masked (routines/masking.sql).
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
       case when a.subject_kind <> 'home' then a.subject when home_told(h.home_id, a.cleared_at) then h.home_id::text
            else 'a home' end, a.raised_at,
       masked_title(a.subject_kind, a.title, h.home_id, h.code, h.label, a.cleared_at),
       a.would_differ ->> 'text',
       array(select jsonb_array_elements(a.would_differ -> 'windows')::bigint)
from alarm a
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
where a.would_differ is not null and exists (
    select from jsonb_array_elements(a.would_differ -> 'windows') w where w::bigint = any (%(ids)s::bigint[]))
order by at, what, number

-- late_counts
-- Of the windows that came into being since a time of the wall clock; of all where that is null.
with marked as (
    select jsonb_array_elements(would_differ -> 'windows')::bigint as id from decision where would_differ is not null
    union
    select jsonb_array_elements(would_differ -> 'windows')::bigint from alarm where would_differ is not null
)
select count(*) as windows, coalesce(sum(readings), 0)::bigint as readings,
       count(*) filter (where state = 'differs' or id is not null) as differs,
       count(*) filter (where state = 'open' and id is null) as open,
       count(*) filter (where state = 'same' and id is null) as same,
       count(*) filter (where state = 'too_late' and id is null) as too_late
from late_window left join marked on id = late_window_id
where %(since)s::timestamptz is null or first_arrived >= %(since)s

-- late_of_alarm
select array(select jsonb_array_elements(would_differ -> 'windows')::bigint) as windows
from alarm where alarm_id = %(number)s and would_differ is not null

-- late_of_decision
select array(select jsonb_array_elements(would_differ -> 'windows')::bigint) as windows
from decision where decision_id = %(number)s and would_differ is not null
