-- Cases, contacts, photos and packs of a home: whose they are. See households.sql.
--
-- What was written down belongs to the household that lived there when it was written: who comes after them
-- sees none of it, who has left sees nothing. Entries of a case are whose the case is.

-- Since when the resident who asks lives in a home; null: she does not.
create or replace function my_since(p_home integer) returns timestamptz
language sql stable security definer set search_path = public, pg_temp as $$
    select min(m.from_at) from household_member m
     where m.home_id = p_home and m.resident_id = (select resident_id()) and (m.to_at is null or m.to_at > now())
$$;

-- Since when those who live in a home now do; where nobody does, since the last ones left.
create or replace function household_since(p_home integer) returns timestamptz
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(min(from_at) filter (where to_at is null or to_at > now()), home_free_since(p_home), '-infinity')
      from household_member where home_id = p_home
$$;
revoke all on function my_since(integer), household_since(integer) from public;
grant execute on function my_since(integer) to cityops_resident;

create policy household_sees on housing_case for select using (opened_at >= my_since(home_id));
-- That the council is the landlord is said by the council.
create policy household_opens on housing_case for insert with check (opened_at >= my_since(home_id) and not council_owned);
-- A case is locked while an entry is written; nothing in it is changed.
create policy household_locks on housing_case for update using (opened_at >= my_since(home_id)) with check (false);
create policy household_sees on case_event for select using (
    exists (select from housing_case c where c.case_id = case_event.case_id));
create policy household_writes on case_event for insert with check (
    exists (select from housing_case c where c.case_id = case_event.case_id));
create policy household on contact_log for all
    using (recorded_at >= my_since(home_id)) with check (recorded_at >= my_since(home_id));
create policy household on evidence_photo for all
    using (added_at >= my_since(home_id)) with check (added_at >= my_since(home_id));
-- One that was made of the time before says when somebody lived there.
create policy household on evidence_pack for all
    using (made_at >= my_since(home_id) and from_day >= my_since(home_id)::date)
    with check (made_at >= my_since(home_id) and from_day >= my_since(home_id)::date);
create policy household on home_contact for all
    using (set_at >= my_since(home_id)) with check (set_at >= my_since(home_id) and set_by = (select resident_id()));

-- When something was written down, and by whom, is not the household's to choose: what it sends for these is not looked at.
-- What the owner's services write (an officer's entry, an operator's) has the clock of the service.
create or replace function household_wrote() returns trigger language plpgsql as $$
begin
    new.recorded_at := clock_timestamp();
    new.by := 'resident';
    return new;
end $$;
create or replace trigger household_wrote before insert on case_event
    for each row when (current_user = 'cityops_resident') execute function household_wrote();
create or replace trigger household_wrote before insert on contact_log
    for each row when (current_user = 'cityops_resident') execute function household_wrote();
create or replace function household_added() returns trigger language plpgsql as $$
begin
    new.added_at := clock_timestamp();
    new.by := 'resident';
    return new;
end $$;
create or replace trigger household_added before insert on evidence_photo
    for each row when (current_user = 'cityops_resident') execute function household_added();

grant select on housing_case, case_event, contact_log, evidence_photo, evidence_pack, home_contact to cityops_resident;
grant insert (home_id, kind, hazard, landlord, council_owned, opened_at, opened_by), update (hazard) on housing_case
    to cityops_resident;
grant insert (case_id, kind, at, step, until, refers_to, note, by, recorded_at) on case_event to cityops_resident;
grant insert (home_id, at, method, who, said, reply, replied_at, by, recorded_at), update (reply, replied_at) on contact_log
    to cityops_resident;
grant insert (home_id, taken_at, room, caption, width, height, jpeg, sha256, original_sha256, original_bytes, original, by,
              added_at), delete on evidence_photo to cityops_resident;
grant insert, update (sha256, bytes, made_by, manifest_sha256, key_id) on evidence_pack to cityops_resident;
grant insert (home_id, channel, address, set_by), update (address, set_by, set_at), delete on home_contact to cityops_resident;
