-- lab_town
select seen_at, simulated, scenario, statistics from lab_town

-- lab_faults
select fault_id, fault, made_at, made_by, ended_at, ended_by, began_at, devices, problem
  from lab_fault order by ended_at is not null, fault_id desc limit %(limit)s

-- lab_strike
insert into lab_fault (fault, made_by) values (%(fault)s::jsonb, %(by)s) returning fault_id

-- lab_end
update lab_fault set ended_at = now(), ended_by = %(by)s where fault_id = %(fault_id)s and ended_at is null returning fault_id

-- lab_end_all
update lab_fault set ended_at = now(), ended_by = %(by)s where ended_at is null returning problem

-- lab_open
select fault_id, fault, devices, problem from lab_fault where ended_at is null order by fault_id

-- lab_begun
update lab_fault set began_at = %(began_at)s, devices = %(devices)s, problem = %(problem)s where fault_id = %(fault_id)s

-- lab_says
insert into lab_town (town, seen_at, simulated, scenario, statistics)
values ('town', now(), %(simulated)s, %(scenario)s, %(statistics)s::jsonb)
on conflict (town) do update set seen_at = excluded.seen_at, simulated = excluded.simulated,
    scenario = excluded.scenario, statistics = excluded.statistics
