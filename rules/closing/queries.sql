-- lock
select pg_advisory_xact_lock(hashtext('cityops.road_closure'))

-- unknown
select s as segment_id from unnest(%(segments)s::text[]) s where not exists (select from road_segment where segment_id = s)

-- known
select closure_id from road_closure where request_id = %(request_id)s

-- add
insert into road_closure (segments, begins, ends, reason, at, by, role, via, request_id)
values (%(segments)s, to_timestamp(%(from_s)s), to_timestamp(%(until_s)s), %(reason)s, to_timestamp(%(at_s)s), %(by)s, %(role)s,
        %(via)s, %(request_id)s) returning closure_id

-- closures
-- Those that have not ended by a time; the caller looks at what was opened since.
select c.closure_id, c.segments, extract(epoch from c.begins)::float8 as from_s, extract(epoch from c.ends)::float8 as until_s,
       c.reason, extract(epoch from c.at)::float8 as at_s, c.by, c.role, c.via, c.request_id,
       coalesce((select jsonb_agg(jsonb_build_object(
           'segments', o.segments, 'at_s', extract(epoch from o.at)::float8, 'by', o.by, 'role', o.role, 'via', o.via,
           'reason', o.reason) order by o.opening_id)
         from road_opening o where o.closure_id = c.closure_id), '[]'::jsonb)::text as opened
from road_closure c
where (%(closure_id)s::bigint is null or c.closure_id = %(closure_id)s)
  and (%(from_s)s::float8 is null or c.ends is null or c.ends > to_timestamp(%(from_s)s))
order by c.closure_id

-- add_opening
insert into road_opening (closure_id, segments, at, by, role, via, reason)
values (%(closure_id)s, %(segments)s, to_timestamp(%(at_s)s), %(by)s, %(role)s, %(via)s, %(reason)s)

-- tell_listeners
select pg_notify('cityops_rules', '{"kinds": ["closure"], "alarms": []}')

-- keep
insert into what_if (at, by, role, via, note, document, request_id)
values (to_timestamp(%(at_s)s), %(by)s, %(role)s, %(via)s, %(note)s, %(document)s::jsonb, %(request_id)s)
on conflict (request_id) do nothing returning what_if_id

-- what_ifs
select what_if_id, extract(epoch from at)::float8 as at_s, by, role, via, note, document, request_id from what_if
where (%(what_if_id)s::bigint is null or what_if_id = %(what_if_id)s)
  and (%(request_id)s::text is null or request_id = %(request_id)s)
order by what_if_id desc limit %(most)s
