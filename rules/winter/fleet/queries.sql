-- lock
-- One writes at a time: plans are numbered in the order in which they are committed.
select pg_advisory_xact_lock(hashtext('cityops.winter_plan'))

-- newest
select version, night::text, kind, after, lorry, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id,
       contents::text as contents
from winter_plan where night = %(night)s::date order by version desc limit 1

-- before
select version, night::text, kind, after, lorry, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id,
       contents::text as contents
from winter_plan where night < %(night)s::date order by night desc, version desc limit 1

-- one
select version, night::text, kind, after, lorry, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id,
       contents::text as contents
from winter_plan where version = %(version)s

-- of_night
select version, night::text, kind, after, lorry, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id,
       contents::text as contents
from winter_plan where night = %(night)s::date order by version

-- numbers
select version from winter_plan where night = %(night)s::date order by version

-- known
select version, night::text, kind, after, lorry, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id,
       contents::text as contents
from winter_plan where request_id = %(request_id)s

-- heads
select (select max(version) from winter_plan) as last, (select max(version) from winter_plan where night = %(night)s::date) as of_night

-- marks
select (select coalesce(max(service_id), 0) from lorry_service) as services, (select coalesce(max(roster_id), 0) from winter_roster) as rosters,
       (select count(*) from road_closure) + (select count(*) from road_opening) as closures

-- add
insert into winter_plan (version, night, kind, after, lorry, at, by, role, via, reason, contents, request_id)
values (%(version)s, %(night)s::date, %(kind)s, %(after)s, %(lorry)s, to_timestamp(%(at_s)s), %(by)s, %(role)s, %(via)s,
        %(reason)s, %(contents)s::jsonb, %(request_id)s)

-- add_service
insert into lorry_service (lorry, what, at, by, role, via, reason, request_id)
values (%(lorry)s, %(what)s, to_timestamp(%(at_s)s), %(by)s, %(role)s, %(via)s, %(reason)s, %(request_id)s)
on conflict (request_id) do nothing

-- said
select lorry, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id
from lorry_service where request_id = %(request_id)s

-- out
select lorry, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id
from (select distinct on (lorry) * from lorry_service order by lorry, service_id desc) s
where what = 'broken' order by lorry

-- roster
select roster::text from winter_roster order by roster_id desc limit 1

-- add_roster
insert into winter_roster (roster, by, reason) values (%(roster)s::jsonb, %(by)s, %(reason)s)

-- stamp
-- A row that is written has a newer transaction, so that of equal numbers of rows the sum differs whatever was changed.
select (select array[count(*), sum(xmin::text::numeric)] from road_segment),
       (select array[count(*), sum(xmin::text::numeric)] from road_node),
       (select array[count(*), sum(xmin::text::numeric)] from turn_ban),
       (select array[count(*), sum(xmin::text::numeric)] from gritting_route),
       (select array[count(*), sum(xmin::text::numeric)] from depot),
       (select array[count(*), sum(device_id)] from device where kind = 'gritter' and retired_at is null)

-- readings
select d.name as device, extract(epoch from r.ts)::float8 as ts_s, r.latitude_deg::float8, r.longitude_deg::float8,
       r.speed_m_s::float8, r.spread_rate_g_m2::float8, r.salt_remaining_kg::float8
from gritter_reading r join device d using (device_id)
where d.name = any (%(devices)s) and r.ts >= to_timestamp(%(from_s)s) and r.ts <= to_timestamp(%(to_s)s)
order by r.ts, d.name

-- heard
select count(*) as readings, max(r.ts) as last
from gritter_reading r join device d using (device_id)
where d.name = any (%(devices)s) and r.ts >= to_timestamp(%(from_s)s) and r.ts <= to_timestamp(%(to_s)s)

-- treated
select subject, state::text as state from treated_state where version = %(version)s order by subject

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)
