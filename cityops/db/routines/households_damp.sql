-- What is worked out of damp, for residents: of the stay of who asks and of a box's time in the home. See households.sql.
--
-- A row counts for a stay only if all that it was made of lies within it: a day whole, an event from start to end, a
-- finding with the first day that it rests on.

create view my.damp_home with (security_barrier) as
select t.*
  from public.household_member m
  join public.damp_home t on t.home_id = m.home_id
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now());

-- Event time is the town's, nobody's own.
create view my.damp_cursor with (security_barrier) as select service, event_time from public.damp_cursor;

create view my.damp_room with (security_barrier) as
select r.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.damp_room r on r.home_id = hd.home_id and r.device_id = hd.device_id
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now());

create view my.damp_day with (security_barrier) as
select k.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.damp_day k on k.home_id = m.home_id and k.device_id = hd.device_id
       and k.begins_at >= m.from_at and k.begins_at >= hd.since
 where m.resident_id = (select public.resident_id())
   and (m.to_at is null or m.to_at > now() and k.begins_at + interval '1 day' <= m.to_at);

create view my.moisture_event with (security_barrier) as
select e.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.moisture_event e on e.home_id = m.home_id and e.device_id = hd.device_id
       and e.started_at >= m.from_at and e.started_at >= hd.since
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now() and e.ended_at <= m.to_at);

create view my.damp_finding with (security_barrier) as
select f.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.damp_finding f on f.home_id = m.home_id and f.device_id = hd.device_id
  join public.damp_day k on k.home_id = f.home_id and k.device_id = f.device_id
       and k.day = (f.evidence ->> 'from_day')::date and k.begins_at >= m.from_at and k.begins_at >= hd.since
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now() and f.to_day < m.to_at::date);

-- Offsets that held at some time of the stay, whenever they were found.
create view my.calibration with (security_barrier) as
select c.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.calibration c on c.device_id = hd.device_id
       and coalesce(c.to_at, 'infinity') > greatest(m.from_at, hd.since)
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now() and c.from_at < m.to_at);

grant select on all tables in schema my to cityops_resident;
