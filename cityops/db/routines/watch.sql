-- What the platform's own alarms (dashboards/alerts.toml) may know beyond what a dashboard reads.
-- After reader.sql, which makes the role and the schema anew.

-- Seconds that the oldest message has waited which should have been sent by now; 0 where none waits.
create function board.outbox_age_s() returns double precision
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(extract(epoch from now() - min(not_before)), 0)::float8
      from notification where state in ('pending', 'sending') and not_before < now()
$$;

revoke all on function board.outbox_age_s() from public;
grant execute on function board.outbox_age_s() to cityops_reader;
