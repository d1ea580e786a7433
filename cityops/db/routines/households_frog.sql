-- Readings for residents and for the housing team: views on the reading tables of frogs, where there are any.
-- See households.sql. ingest.core.ddl_columns drops them where the kind's own views have to be made anew.

do $frog$ begin
if to_regclass('public.frog_reading') is null then
    return;
end if;

create view my.frog_reading with (security_barrier) as
select r.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.frog_reading r on r.device_id = hd.device_id and r.ts >= m.from_at and r.ts >= hd.since
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now() and r.ts < m.to_at);

-- Buckets that lie wholly within the stay: the first hour of a stay would mix in the household before.
create view my.frog_hourly with (security_barrier) as
select r.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.frog_hourly r on r.device_id = hd.device_id and r.bucket >= m.from_at and r.bucket >= hd.since
 where m.resident_id = (select public.resident_id())
   and (m.to_at is null or m.to_at > now() and r.bucket + interval '1 hour' <= m.to_at);

create view my.frog_daily with (security_barrier) as
select r.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.frog_daily r on r.device_id = hd.device_id and r.bucket >= m.from_at and r.bucket >= hd.since
 where m.resident_id = (select public.resident_id())
   and (m.to_at is null or m.to_at > now() and r.bucket + interval '1 day' <= m.to_at);

create view my.frog_latest with (security_barrier) as
select d.name as device, r.*
  from public.household_member m
  join public.home_device hd on hd.home_id = m.home_id
  join public.device d on d.device_id = hd.device_id
 cross join lateral (
        select * from public.frog_reading x
         where x.device_id = hd.device_id and x.ts >= m.from_at and x.ts >= hd.since
           and (m.to_at is null or x.ts < m.to_at)
         order by x.ts desc limit 1) r
 where m.resident_id = (select public.resident_id()) and (m.to_at is null or m.to_at > now());

create view housing_daily with (security_barrier) as
select h.home_id, h.label, hd.device_id, hd.room, f.bucket as day, f.n, f.temperature_c_avg as temperature_c,
       f.humidity_pct_avg as humidity_pct
  from home h
  join home_device hd on hd.home_id = h.home_id
  join frog_daily f on f.device_id = hd.device_id and f.bucket >= hd.since
       -- No new rule, but the homes to look at: without it every home's readings would be added up first.
 where h.home_id = any ((select array_agg(c.home_id) from consent c where c.statistic = 'daily' and c.revoked_at is null)::integer[])
   and consented_throughout(h.home_id, 'daily', 'council:housing', f.bucket, f.bucket + interval '1 day', hd.device_id);

create or replace function housing_read_daily(p_who text, p_purpose text, p_home integer, p_from timestamptz, p_to timestamptz)
returns setof housing_daily
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    return query select * from housing_daily where home_id = p_home and day >= p_from and day < p_to order by device_id, day;
    if found then
        insert into access_log (home_id, who, role, what, purpose)
        values (p_home, p_who, 'housing',
                format('mean temperature and humidity by day, %s to %s', p_from::date, p_to::date), p_purpose);
    end if;
end $$;

revoke all on function housing_read_daily(text, text, integer, timestamptz, timestamptz) from public;
grant execute on function housing_read_daily(text, text, integer, timestamptz, timestamptz) to cityops_housing;
grant select on all tables in schema my to cityops_resident;
end $frog$;
