-- What the housing team reads of homes that show it something: the risk and why, and the clock of the council's own cases.
-- See households.sql for who sees what. Every reading of a household writes its line in the household's log.

drop policy if exists household_is_no_officer on case_event;
drop view if exists housing_share, housing_finding cascade;
drop function if exists housing_read(text, text, text, integer), housing_cases(integer, boolean), housing_other_cases(),
    housing_not_shared(), ward_counts();

-- What is shared with the housing team now, by somebody who lives there since lives_since; of what was measured from counts_from on.
create view housing_share with (security_barrier) as
select distinct c.home_id, c.statistic, c.device_id, hd.room, c.from_at, c.to_at, greatest(c.from_at, m.from_at) as counts_from,
       m.from_at as lives_since
  from consent c
  join household_member m on m.home_id = c.home_id and m.resident_id = c.given_by
  left join home_device hd on hd.device_id = c.device_id and hd.home_id = c.home_id
 where c.recipient_kind = 'council' and c.recipient = 'housing' and c.statistic in ('risk', 'daily')
   and c.revoked_at is null and c.from_at <= now() and (c.to_at is null or c.to_at > now())
   and (m.to_at is null or m.to_at > now());

-- Findings that belong to the risk that is shared: as of a day that is shared, of a room that is shared. It is what consented()
-- says, as a join: asked of each finding of 2,000 homes it took 15 s. A finding looks back for weeks, also before the day from
-- which it is shared (the page says so), never before the stay of who shares it: nobody shows what she may not see herself.
create view housing_finding with (security_barrier) as
select f.home_id, f.week, f.to_day, f.risk, f.mould_index, f.cause, f.confidence, hd.room,
       f.evidence -> 'also' as also, f.evidence ->> 'not_enough' as not_enough,
       (f.evidence ->> 'completeness')::float8 as completeness, (f.evidence ->> 'days')::integer as days,
       coalesce(f.evidence -> 'flag_days', '{}') as flag_days
  from damp_finding f
  left join home_device hd on hd.device_id = f.device_id and hd.home_id = f.home_id
 where exists (
        select from housing_share s
         where s.home_id = f.home_id and s.statistic = 'risk' and (s.device_id is null or s.device_id = f.device_id)
           and s.counts_from <= (f.to_day + 1)::timestamp at time zone 'UTC'
           and (s.to_at is null or s.to_at > (f.to_day + 1)::timestamp at time zone 'UTC')
           and s.lives_since <= coalesce((f.evidence ->> 'from_day')::date, f.to_day - 27)::timestamp at time zone 'UTC');

-- The council's own cases of a home. What a household wrote into them shows with its date, without its words.
create function housing_cases(p_home integer, p_notes boolean) returns jsonb
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(jsonb_agg(jsonb_build_object(
               'case_id', c.case_id, 'kind', c.kind, 'hazard', c.hazard, 'landlord', '', 'council_owned', true,
               'opened_at', c.opened_at, 'opened_by', '',
               'events', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                              'number', e.case_event_id, 'kind', e.kind, 'at_s', extract(epoch from e.at)::float8,
                              'step', e.step, 'until', e.until, 'refers_to', e.refers_to, 'role', e.role,
                              'note', case when p_notes and e.role = 'officer' then e.note else '' end,
                              'by', case when p_notes and e.role = 'officer' then e.by else e.role end,
                              'recorded_s', extract(epoch from e.recorded_at)::float8) order by e.case_event_id), '[]')
                     from case_event e where e.case_id = c.case_id)) order by c.case_id), '[]')
      from housing_case c where c.home_id = p_home and c.council_owned
$$;

-- One home, or all that show something; p_how: 'page', 'home', 'file', 'program' or 'terminal'.
create function housing_read(p_who text, p_purpose text, p_how text, p_home integer default null)
returns table (home_id integer, label text, ward_id text, ward text, shares jsonb, at timestamptz, risk text, since text,
               room text, finding jsonb, weeks jsonb, cases jsonb)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    ids integer[];
begin
    -- Who is read is who was written down, in one statement: who shares a moment later is in neither.
    with written as (
        insert into access_log (home_id, who, role, what, purpose)
        select s.home_id, p_who, 'housing',
               case when bool_or(s.statistic = 'risk') then 'damp risk and why' else 'what is shared' end
               || case when p_how = 'home' and bool_or(s.statistic = 'risk') then ', week by week' else '' end
               || case when exists (select from housing_case c where c.home_id = s.home_id and c.council_owned)
                       then ', the clock of the case with the council' else '' end
               || case p_how when 'file' then ', taken as a file' when 'program' then ', by a program' else '' end,
               p_purpose
          from housing_share s where p_home is null or s.home_id = p_home group by s.home_id
        returning access_log.home_id as id
    )
    select coalesce(array_agg(w.id), '{}') into ids from written w;
    -- Home by home (`offset 0` keeps it so): the planner takes all who share for one home, and joins as a whole took minutes
    -- of 2,000 homes.
    return query
    select h.home_id, h.label, h.ward_id, w.label, s.shares, n.at, n.risk, n.since, n.room, f.newest, f.weeks,
           housing_cases(h.home_id, true)
      from unnest(ids) i(home_id)
      join home h on h.home_id = i.home_id
      left join ward w on w.ward_id = h.ward_id
     cross join lateral (
            select jsonb_agg(jsonb_build_object('statistic', x.statistic, 'room', x.room, 'from_at', x.counts_from)
                             order by x.statistic desc, x.room nulls first) as shares
              from housing_share x where x.home_id = i.home_id) s
      left join lateral (select * from housing_home z where z.home_id = i.home_id offset 0) n on true
     cross join lateral (
            select to_jsonb((array_agg(z.x order by (z.x).week desc))[1]) - 'home_id' as newest,
                   jsonb_agg(case when p_home is null then jsonb_build_object('week', (z.x).week, 'risk', (z.x).risk)
                             else to_jsonb(z.x) - '{home_id,also,not_enough,flag_days,days,room}'::text[] end
                             order by (z.x).week desc) as weeks
              from (select x from housing_finding x where x.home_id = i.home_id order by x.week desc limit 53) z(x)) f
     where s.shares is not null -- it was taken back a moment ago
     order by h.home_id;
end $$;

-- Open cases of the council's whose households show nothing: a number and its clock, no home and nobody's words.
create function housing_other_cases() returns jsonb
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(jsonb_agg(c), '[]')
      from (select distinct home_id from housing_case where council_owned) o
     cross join lateral jsonb_array_elements(housing_cases(o.home_id, false)) c
     where not exists (select from housing_share s where s.home_id = o.home_id)
$$;

-- How many homes with a box show nothing; null below five.
create function housing_not_shared() returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select nullif(greatest(count(*), 4), 4)
      from home h
     where exists (select from home_device d where d.home_id = h.home_id)
       and h.home_id not in (select s.home_id from housing_share s)
$$;

-- Homes and homes at risk by ward, by findings of a fortnight, as they were when somebody first asked in the week of the newest
-- findings: until the next week's come these are the numbers. Not to be shown as they are (ops_api/housing/wards.py).
create function ward_counts() returns table (ward_id text, label text, boundary jsonb, homes integer, at_risk integer, as_of date)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    newest date := (select max(to_day) from damp_finding where risk <> 'unknown');
    monday date := date_trunc('week', newest)::date;
begin
    if newest is not null and not exists (select from ward_week where week = monday) then
        -- Two that ask at once: the second waits, and finds what the first has counted.
        perform pg_advisory_xact_lock(hashtext('ward_week'));
        insert into ward_week (week, ward_id, homes, at_risk, as_of)
        select monday, w.ward_id, count(f.home_id), count(*) filter (where f.risk in ('raised', 'high')), newest
          from ward w
          left join home h using (ward_id)
          left join (select distinct on (x.home_id) x.home_id, x.risk, x.to_day from damp_finding x
                      order by x.home_id, x.week desc) f
            on f.home_id = h.home_id and f.risk <> 'unknown' and f.to_day > newest - 14
         where not exists (select from ward_week where week = monday)
         group by w.ward_id;
        delete from ward_week where week < monday - 35;
    end if;
    return query
    select w.ward_id, w.label, w.boundary, coalesce(k.homes, 0), coalesce(k.at_risk, 0), k.as_of
      from ward w left join ward_week k on k.ward_id = w.ward_id and k.week = monday order by w.label;
end $$;

-- A household writes as itself.
grant insert (role) on case_event to cityops_resident;
create policy household_is_no_officer on case_event as restrictive for insert
    with check (role = case when current_user = 'cityops_officer' then 'officer' else 'resident' end);

-- An officer writes as the role cityops_officer: into the council's own cases, and reads no one else's.
drop policy if exists officer_sees on housing_case;
drop policy if exists officer_locks on housing_case;
drop policy if exists officer_sees on case_event;
drop policy if exists officer_writes on case_event;
create policy officer_sees on housing_case for select using ((select current_user) = 'cityops_officer' and council_owned);
create policy officer_locks on housing_case for update
    using ((select current_user) = 'cityops_officer' and council_owned) with check (false);
create policy officer_sees on case_event for select using (
    (select current_user) = 'cityops_officer'
    and exists (select from housing_case c where c.case_id = case_event.case_id and c.council_owned));
create policy officer_writes on case_event for insert with check (
    (select current_user) = 'cityops_officer'
    and exists (select from housing_case c where c.case_id = case_event.case_id and c.council_owned));

-- Whether a case is the council's own, of a home that shows the housing team something.
create or replace function housing_is_shown(p_home integer, p_case bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from housing_case c join housing_share s using (home_id)
                    where c.home_id = p_home and c.case_id = p_case and c.council_owned)
$$;
revoke all on function housing_is_shown(integer, bigint) from public;
grant execute on function housing_is_shown(integer, bigint) to cityops_housing;

revoke all on function housing_cases(integer, boolean), housing_read(text, text, text, integer), housing_other_cases(),
    housing_not_shared(), ward_counts() from public;
grant execute on function housing_read(text, text, text, integer), housing_other_cases(), housing_not_shared()
    to cityops_housing;
