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

-- Roads that are or were closed, as a whole: until its last stretch was opened. Without why: people wrote that.
create view board.closure with (security_barrier) as
select c.closure_id, c.begins, least(c.ends, case when s.left_closed = 0 then o.opened_at end) as ended_at, s.streets, s.stretches
  from public.road_closure c
 cross join lateral (select max(x.at) as opened_at, coalesce(array_agg(distinct y.id), '{}') as opened
                       from public.road_opening x cross join lateral unnest(x.segments) y(id) where x.closure_id = c.closure_id) o
 cross join lateral (select count(*) as stretches, count(*) filter (where i.id <> all (o.opened)) as left_closed,
                            coalesce(string_agg(distinct g.street, ', '), '') as streets
                       from unnest(c.segments) i(id) left join public.road_segment g on g.segment_id = i.id) s;

revoke all on function board.web_url(), board.disk_bytes() from public;
grant execute on function board.web_url(), board.disk_bytes() to cityops_reader;
grant select on board.ward_risk, board.closure to cityops_reader;
