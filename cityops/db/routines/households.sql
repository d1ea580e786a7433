-- What a resident's and the housing team's database role may see (docs/adr/016-household-isolation.md).
--
-- cityops_resident has no right on any reading table. It reads the tables locked in migration 0013 by their
-- policies, and readings through the schema my, whose views start FROM the membership and its dates. Who asks
-- is the token of a session, set in the transaction only and looked up here: saying "I am number 8" makes nobody 8.

-- Who asks: the resident of the session whose token this transaction has set; null for nobody.
create or replace function resident_id() returns uuid
language sql stable security definer set search_path = public, pg_temp as $$
    select s.resident_id
      from resident_session s,
           (select sha256(convert_to(current_setting('cityops.session', true), 'UTF8')) as hash) t
     where (s.token_hash = t.hash or s.old_hash = t.hash and (s.old_until is null or s.old_until > now()))
       and s.revoked_at is null and s.expires_at > now()
$$;

-- Homes in which the resident lives now.
create or replace function my_homes() returns integer[]
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(array_agg(m.home_id), '{}') from household_member m
     where m.resident_id = (select resident_id()) and (m.to_at is null or m.to_at > now())
$$;

create or replace function my_devices() returns integer[]
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(array_agg(d.device_id), '{}') from home_device d where d.home_id = any (my_homes())
$$;

-- Since when a home is nobody's: until the last end of a stay was told, or something was deleted, whichever came later, all that was
-- measured and written is the last ones'. Null: somebody lives there, or nobody ever did.
create or replace function home_free_since(p_home integer, p_not uuid default null) returns timestamptz
language sql volatile security definer set search_path = public, pg_temp as $$
    select case when not coalesce(bool_or(to_at is null or to_at > clock_timestamp()), false) then greatest(
               max(greatest(to_at, ended_at)) filter (where resident_id is distinct from p_not),
               (select max(greatest(asked_at, done_at)) from erasure where home_id = p_home)) end
      from household_member where home_id = p_home
$$;

-- From when a stay counts that begins with a code. A label gives whoever has it in hand no more than all who live there may
-- see: it undoes no "only from now". What the council dated (member_from) may go back to the first one's start. Who was there
-- for less gets nothing of before. In an empty home nothing of the household before.
create or replace function stay_from(p_code uuid, p_resident uuid, p_now timestamptz) returns timestamptz
language sql volatile security definer set search_path = public, pg_temp as $$
    select case
           when c.kind = 'invite' then coalesce(c.member_from, p_now)
           when t.first_from is null then coalesce(greatest(c.member_from, home_free_since(c.home_id, p_resident)), '-infinity')
           when exists (
               select from household_member o
                where o.home_id = c.home_id and o.resident_id = p_resident and o.from_at > s.label_from) then greatest(p_now, t.first_from)
           else s.label_from end
      from join_code c
     cross join lateral (
            select min(m.from_at) as first_from, max(m.from_at) as all_from from household_member m
             where m.home_id = c.home_id and (m.to_at is null or m.to_at > clock_timestamp())) t
     cross join lateral (
            select case when c.member_from is null then t.all_from else greatest(c.member_from, t.first_from) end) s (label_from)
     where c.join_code_id = p_code
$$;

-- What is shared now by somebody who lives there, of what was measured from from_at on. One whose end is past shows nothing more.
create or replace view consent_now as
select c.home_id, c.statistic, c.recipient_kind || ':' || c.recipient as recipient, c.device_id,
       -- Nobody shows another one's time.
       greatest(c.from_at, m.from_at) as from_at, c.to_at
  from consent c
  join household_member m on m.home_id = c.home_id and m.resident_id = c.given_by
 where c.revoked_at is null and (c.to_at is null or c.to_at > now()) and (m.to_at is null or m.to_at > now());

-- The one place that says whether a household shows something to somebody. p_recipient: 'council:housing'.
-- p_at: when what is shown was measured. Without p_device only a consent for all rooms counts.
create or replace function consented(
    p_home integer, p_statistic text, p_recipient text, p_at timestamptz, p_device integer default null
) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from consent_now c
         where c.home_id = p_home and c.statistic = p_statistic and c.recipient = p_recipient
           and c.from_at <= p_at and (c.to_at is null or c.to_at > p_at)
           and (c.device_id is null or c.device_id = p_device))
$$;

-- Likewise of what was made from measurements of a while: one consent covers all of it.
create or replace function consented_throughout(
    p_home integer, p_statistic text, p_recipient text, p_from timestamptz, p_to timestamptz, p_device integer default null
) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from consent_now c
         where c.home_id = p_home and c.statistic = p_statistic and c.recipient = p_recipient
           and c.from_at <= p_from and (c.to_at is null or c.to_at >= p_to)
           and (c.device_id is null or c.device_id = p_device))
$$;

-- Policies. They name no role: one that is for cityops_resident only would leave everybody else without any.
do $$
declare
    one record;
begin
    for one in select policyname, tablename from pg_policies where schemaname = 'public' and policyname = 'household' loop
        execute format('drop policy household on public.%I', one.tablename);
    end loop;
    for one in select policyname, tablename from pg_policies where schemaname = 'public' and policyname like 'household\_%' loop
        execute format('drop policy %I on public.%I', one.policyname, one.tablename);
    end loop;
end $$;

create policy household on device for select using (device_id = any ((select my_devices())::integer[]));
create policy household on home for select using (home_id = any ((select my_homes())::integer[]));
create policy household on home_device for select using (home_id = any ((select my_homes())::integer[]));
create policy household on household_member for select using (resident_id = (select resident_id()));
create policy household on diary_entry for all using (
    exists (select from household_member m
             where m.home_id = diary_entry.home_id and m.resident_id = (select resident_id())
               and (m.to_at is null or m.to_at > now()) and diary_entry.at >= m.from_at));
create policy household_sees on consent for select using (
    exists (select from household_member m
             where m.home_id = consent.home_id and m.resident_id = (select resident_id())
               and (m.to_at is null or m.to_at > now())
               and coalesce(consent.revoked_at, consent.to_at, 'infinity') > m.from_at));
create policy household_gives on consent for insert with check (
    given_by = (select resident_id()) and revoked_at is null
    and (device_id is null or exists (select from home_device d where d.device_id = consent.device_id and d.home_id = consent.home_id))
    and exists (select from household_member m
                 where m.home_id = consent.home_id and m.resident_id = (select resident_id())
                   and (m.to_at is null or m.to_at > now()) and consent.from_at >= m.from_at));
create policy household_revokes on consent for update
    using (home_id = any ((select my_homes())::integer[]) and revoked_at is null)
    -- Now: dated back, it would be hidden from those who have come since.
    with check (home_id = any ((select my_homes())::integer[]) and revoked_by = (select resident_id())
                and revoked_at between now() - interval '1 minute' and now());
create policy household on access_log for select using (
    exists (select from household_member m
             where m.home_id = access_log.home_id and m.resident_id = (select resident_id())
               and (m.to_at is null or m.to_at > now()) and access_log.at >= m.from_at));

drop schema if exists my cascade;
create schema my;

-- Since when the wall is damp is not said where that is before the stay.
create view my.subject_state with (security_barrier) as
select s.subject_kind, s.subject, s.at,
       case when (s.state ->> 'since')::timestamptz < m.from_at then s.state || '{"since": null}' else s.state end as state
  from public.household_member m
  join public.home h on h.home_id = m.home_id
  join public.subject_state s on s.subject_kind = 'home' and s.subject = h.code and s.at >= m.from_at
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now());

-- Who lives there, or lived there while I did.
create view my.household with (security_barrier) as
select o.member_id, o.home_id, o.resident_id, p.name, o.from_at, o.to_at, o.joined_at, o.joined_by,
       o.resident_id = m.resident_id as me
  from public.household_member m
  join public.household_member o on o.home_id = m.home_id and coalesce(o.to_at, 'infinity') > m.from_at
  join public.resident p on p.resident_id = o.resident_id
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now());

-- What is shared, with the names of who gave it and who took it back.
create view my.consents with (security_barrier) as
select c.consent_id, c.home_id, c.device_id, d.name as device, hd.room, c.statistic, c.recipient_kind, c.recipient,
       c.from_at, c.to_at, c.given_at, g.name as given_by, c.revoked_at, r.name as revoked_by
  from public.household_member m
  join public.consent c on c.home_id = m.home_id and coalesce(c.revoked_at, c.to_at, 'infinity') > m.from_at
  join public.resident g on g.resident_id = c.given_by
  left join public.resident r on r.resident_id = c.revoked_by
  left join public.device d on d.device_id = c.device_id
  left join public.home_device hd on hd.device_id = c.device_id and hd.home_id = c.home_id
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now());

grant usage on schema public, my to cityops_resident;
grant select on all tables in schema my to cityops_resident;
grant select on device, home, home_device, household_member, diary_entry, consent, access_log to cityops_resident;
grant insert (home_id, at, activity, note, source), delete on diary_entry to cityops_resident;
grant insert (home_id, device_id, statistic, recipient_kind, recipient, from_at, to_at, given_by) on consent to cityops_resident;
grant update (revoked_at, revoked_by) on consent to cityops_resident;

-- What the housing team sees: homes that show it to them, and of those what they show.
drop view if exists housing_home, housing_daily cascade;
create view housing_home with (security_barrier) as
select h.home_id, h.label, s.at, s.state ->> 'risk' as risk,
       -- Not what was before the stay of who shares it, nor before what they share.
       case when (s.state ->> 'since')::timestamptz >= (
           select min(c.from_at) from consent_now c
            where c.home_id = h.home_id and c.statistic = 'risk' and c.recipient = 'council:housing'
              and c.from_at <= s.at and (c.to_at is null or c.to_at > s.at)
              and (c.device_id is null or c.device_id = hd.device_id)) then s.state ->> 'since' end as since, hd.device_id, hd.room
  from home h
  join subject_state s on s.subject_kind = 'home' and s.subject = h.code
  left join device d on d.name = s.state ->> 'device'
  left join home_device hd on hd.device_id = d.device_id and hd.home_id = h.home_id
 where consented(h.home_id, 'risk', 'council:housing', s.at, hd.device_id);

-- The housing team reads by these alone: nobody looks without a line in the household's log.
create or replace function housing_read_homes(p_who text, p_purpose text) returns setof housing_home
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    return query
      with seen as materialized (select * from housing_home),
           written as (
               insert into access_log (home_id, who, role, what, purpose)
               select distinct s.home_id, p_who, 'housing', 'damp risk now', p_purpose from seen s)
    select * from seen;
end $$;

-- What the housing team would read now of the homes of the resident who asks: to show her, and it is no look.
create or replace function council_sees() returns setof housing_home
language sql stable security definer set search_path = public, pg_temp as $$
    select * from housing_home where home_id = any ((select my_homes())::integer[])
$$;

revoke all on function home_free_since(integer, uuid), stay_from(uuid, uuid, timestamptz) from public;
revoke all on function resident_id(), my_homes(), my_devices(), council_sees(), consented(integer, text, text, timestamptz, integer),
    consented_throughout(integer, text, text, timestamptz, timestamptz, integer),
    housing_read_homes(text, text) from public;
grant execute on function resident_id(), my_homes(), my_devices(), council_sees() to cityops_resident;
grant usage on schema public to cityops_housing;
grant execute on function housing_read_homes(text, text) to cityops_housing;
