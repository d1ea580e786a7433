-- What boards are told by the installation, wards, closed roads. After reader_boards.sql; rights as in reader.sql: nobody's name, no
-- household, nothing that people wrote.

-- Where the web pages are.
create function board.web_url() returns text
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce((select value from summary.told where name = 'web_url'), 'http://127.0.0.1:8080')
$$;

-- Size of the disk that the database is on; null where nobody said.
create function board.disk_bytes() returns double precision
language sql stable security definer set search_path = public, pg_temp as $$
    select value::double precision from summary.told where name = 'disk_bytes'
$$;

-- Homes at risk by ward as everybody may know them; null is not told. is_rest: the wards that are told together only.
create view board.ward_risk with (security_barrier) as
select ward_id = '' as is_rest, label, homes, at_risk, as_of from summary.ward;

-- Roads closed at some time of a period, as a whole: until the last stretch was opened. Without why: people wrote that.
create function board.closures(p_from timestamptz, p_to timestamptz)
returns table (closure_id bigint, begins timestamptz, ended_at timestamptz, streets text, stretches bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select c.closure_id, c.begins, e.ended_at, s.streets, cardinality(c.segments)::bigint
      from road_closure c
     cross join lateral (select max(x.at) as opened_at, coalesce(array_agg(distinct y.id), '{}') as opened
                           from road_opening x cross join lateral unnest(x.segments) y(id) where x.closure_id = c.closure_id) o
     cross join lateral (select least(c.ends, case when c.segments <@ o.opened then o.opened_at end) as ended_at) e
     cross join lateral (select coalesce(string_agg(distinct g.street, ', '), '') as streets
                           from road_segment g where g.segment_id = any (c.segments)) s
     where c.begins <= least(p_to, now()) and (c.ends is null or c.ends >= p_from) and (e.ended_at is null or e.ended_at >= p_from)
$$;

revoke all on function board.web_url(), board.disk_bytes(), board.closures(timestamptz, timestamptz) from public;
grant execute on function board.web_url(), board.disk_bytes(), board.closures(timestamptz, timestamptz) to cityops_reader;
grant select on board.ward_risk to cityops_reader;
