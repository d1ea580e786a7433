-- What is worked out of damp, for residents: of the stay of who asks and of a box's time in the home. See households.sql.
--
-- A row counts for a stay only if all that it was made of lies within it: a day whole, an event from start to end, a
-- finding with the first day that it rests on.

-- A household that moves into an empty home begins anew: its risk index and findings rest on nothing of the one before.
create or replace function damp_begins_anew() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.from_at = '-infinity' or exists (
        select from household_member o where o.home_id = new.home_id and o.resident_id <> new.resident_id
           and coalesce(o.to_at, 'infinity') > new.from_at) then
        return null;
    end if;
    -- First, and until the end of the transaction: what the analyst has loaded before is not written (epoch).
    update damp_home set due_from = least(due_from, (new.from_at - interval '25 hours')::date), due_no = due_no + 1, epoch = epoch + 1
     where home_id = new.home_id;
    update damp_room set from_at = greatest(from_at, new.from_at) where home_id = new.home_id;
    -- The day of the move mixes both; it is worked out again from the moment of the move on.
    delete from damp_day where home_id = new.home_id and begins_at < new.from_at and begins_at > new.from_at - interval '25 hours';
    delete from moisture_event where home_id = new.home_id and started_at < new.from_at and ended_at > new.from_at;
    delete from damp_finding where home_id = new.home_id and to_day >= (new.from_at - interval '25 hours')::date;
    return null;
end $$;
create or replace trigger damp_begins_anew after insert on household_member
    for each row execute function damp_begins_anew();

-- Whether a day is of a stay: whole, or the one on which a room's work began anew with the stay (all that it rests on came later).
create or replace function damp_day_of_stay(p_begins timestamptz, p_since timestamptz, p_room timestamptz, p_stay timestamptz)
returns boolean language sql immutable parallel safe as $$
    select p_begins >= p_since and (p_begins >= p_stay or p_room >= p_stay and p_begins > p_stay - interval '23 hours')
$$;

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
  join public.damp_room r on r.home_id = m.home_id and r.device_id = hd.device_id
  join public.damp_day k on k.home_id = m.home_id and k.device_id = hd.device_id and k.begins_at >= m.from_at - interval '1 day'
       and public.damp_day_of_stay(k.begins_at, hd.since, r.from_at, m.from_at)
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
  join public.damp_room r on r.home_id = m.home_id and r.device_id = hd.device_id
  join public.damp_day k on k.home_id = f.home_id and k.device_id = f.device_id and k.day = (f.evidence ->> 'from_day')::date
       and public.damp_day_of_stay(k.begins_at, hd.since, r.from_at, m.from_at)
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
