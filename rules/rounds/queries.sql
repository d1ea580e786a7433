-- lock
-- One writes at a time: plans are numbered in the order in which they are committed.
select pg_advisory_xact_lock(hashtext('cityops.round_plan'))

-- newest
select version, day::text, after, decision_id, fleet_id, extract(epoch from at)::float8 as at_s, by, role, via, reason,
       request_id, plan::text as plan
from round_plan where day = %(day)s::date order by version desc limit 1

-- one
select version, day::text, after, decision_id, fleet_id, extract(epoch from at)::float8 as at_s, by, role, via, reason,
       request_id, plan::text as plan
from round_plan where version = %(version)s

-- numbers
select version from round_plan where day = %(day)s::date order by version

-- known
select version, day::text, after, decision_id, fleet_id, extract(epoch from at)::float8 as at_s, by, role, via, reason,
       request_id, plan::text as plan
from round_plan where request_id = %(request_id)s

-- heads
select (select max(version) from round_plan) as last,
       (select max(version) from round_plan where day = %(day)s::date) as of_day,
       (select max(fleet_id) from round_fleet) as fleet

-- add
insert into round_plan (version, day, after, decision_id, fleet_id, at, by, role, via, reason, plan, request_id)
values (%(version)s, %(day)s::date, %(after)s, %(decision_id)s, %(fleet_id)s, to_timestamp(%(at_s)s), %(by)s, %(role)s,
        %(via)s, %(reason)s, %(plan)s::jsonb, %(request_id)s)

-- fleet
select fleet_id, fleet::text as fleet from round_fleet order by fleet_id desc limit 1

-- add_fleet
insert into round_fleet (fleet, by, reason) values (%(fleet)s::jsonb, %(by)s, %(reason)s) returning fleet_id

-- decided
select decision_id, extract(epoch from decided_at)::float8 as at_s,
       coalesce(result -> 'candidates', '[]')::text as candidates
from decision
where rule_id = 'bins.round' and decided_at >= to_timestamp(%(from_s)s) and decided_at < to_timestamp(%(to_s)s)
order by decided_at desc, decision_id desc limit 1

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)

-- has_lorries
select to_regclass('lorry_reading') is not null as there

-- tracks
select d.name, extract(epoch from r.ts)::float8 as at_s, r.latitude_deg::float8, r.longitude_deg::float8,
       r.speed_m_s::float8, r.load_kg::float8
from lorry_reading r join device d using (device_id)
where r.ts >= to_timestamp(%(from_s)s) and r.ts <= to_timestamp(%(to_s)s) and d.name = any (%(devices)s::text[])
order by d.name, r.ts, r.seq

-- seen
select subject, extract(epoch from at)::float8 as at_s, kind = 'bin_emptied' as emptied
from event
where kind in ('bin_emptied', 'bin_not_emptied') and subject_kind = 'bin'
  and at >= to_timestamp(%(from_s)s) and at <= to_timestamp(%(to_s)s)
order by at, event_id

-- add_service
insert into round_lorry_service (lorry, what, at, by, role, via, reason, request_id)
values (%(lorry)s, %(what)s, to_timestamp(%(at_s)s), %(by)s, %(role)s, %(via)s, %(reason)s, %(request_id)s)
on conflict (request_id) do nothing

-- said
select lorry, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id
from round_lorry_service where request_id = %(request_id)s

-- out
select lorry, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, request_id
from (select distinct on (lorry) * from round_lorry_service order by lorry, service_id desc) s
where what = 'broken' order by lorry
