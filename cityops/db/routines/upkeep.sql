-- What a dashboard may know of back-ups. After reader.sql, which makes the role and the schema anew.

create view board.backup as
select name, started_at, ended_at, ok, bytes, database_bytes, verified_at, problem from public.backup_run;

-- Seconds since the last good back-up was begun: what is newer is not in it. Infinite where there never was one.
create function board.backup_age_s() returns double precision
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(extract(epoch from now() - max(started_at))::float8, 'infinity') from backup_run where ok
$$;
revoke all on function board.backup_age_s() from public;
grant select on board.backup to cityops_reader;
grant execute on function board.backup_age_s() to cityops_reader;
