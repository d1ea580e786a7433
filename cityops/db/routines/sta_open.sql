-- What everybody may read: the role cityops_open and the schema sta_open, readings of devices that are no household's.
--
-- Plain views and no security barrier: a barrier would have every row sorted before a limit stops. The role is given
-- statements of ours with parameters only, and no function of its own.

do $$
begin
    if not exists (select from pg_roles where rolname = 'cityops_open') then
        create role cityops_open nologin;
    end if;
exception
    when duplicate_object or unique_violation then null; -- another database's upgrade made it now
    when insufficient_privilege then
        raise exception 'role cityops_open is missing and % may not create it', current_user
            using hint = 'As a superuser run: create role cityops_open nologin; then upgrade again.';
end $$;
do $$
begin
    if not pg_has_role(current_user, 'cityops_open', 'USAGE') then
        execute format('grant cityops_open to %I', current_user);
    end if;
exception
    when unique_violation or internal_error then null;
end $$;

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
