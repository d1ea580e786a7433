-- What everybody may read: the role cityops_open and the schema sta_open, readings of devices that are no household's.
--
-- Plain views and no security barrier: a barrier would have every row sorted before a limit stops. The role is given
-- statements of ours with parameters only, and no function of its own.

drop schema if exists sta_open cascade;
create schema sta_open;
grant usage on schema sta_open to cityops_open;
do $$
declare
    kind text;
begin
    for kind in
        select left(c.relname, -length('_reading')) from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname like '%\_reading'
           and c.relname <> 'frog_reading'
    loop
        execute format('create view sta_open.%I as select r.* from public.%I r join public.device d using (device_id) where not d.private',
                       kind || '_reading', kind || '_reading');
    end loop;
end $$;
grant select on all tables in schema sta_open to cityops_open;
