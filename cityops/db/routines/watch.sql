-- What the platform's own alarms (dashboards/alerts.py) may know beyond what a dashboard reads.
-- After reader.sql, which makes the role and the schema anew.

-- Seconds that the oldest message has waited which should have been sent by now; 0 where none waits.
create function board.outbox_age_s() returns double precision
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(extract(epoch from now() - min(not_before)), 0)::float8
      from notification where state in ('pending', 'sending') and not_before < now()
$$;

-- Hours since the last good back-up was begun; 0 where the database has been told of none: then somebody else makes them.
create function board.last_backup_h() returns double precision
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    hours double precision;
begin
    if to_regclass('public.backup_run') is not null then
        execute 'select extract(epoch from now() - max(started_at) filter (where ok)) / 3600 from backup_run' into hours;
    end if;
    return coalesce(hours, 0);
end $$;

revoke all on function board.outbox_age_s(), board.last_backup_h() from public;
grant execute on function board.outbox_age_s(), board.last_backup_h() to cityops_reader;
