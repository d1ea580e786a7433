-- The roles that the website takes, and the views that stand between it and the tables of homes and devices.
--
-- First of all routines: those after this one grant rights to these roles. Which role may what is said last, in
-- zz_rights.sql. None has a login: the website's own login takes one for each transaction (docs/adr/028-roles.md).

do $$
declare
    wanted text;
begin
    foreach wanted in array array['cityops_api', 'cityops_registrar', 'cityops_identity', 'cityops_officer', 'cityops_open',
                                  'cityops_resident', 'cityops_housing'] loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
        exception
            -- Roles belong to the cluster: another database's upgrade may be making it now.
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise exception 'role % is missing and % may not create it', wanted, current_user
                    using hint = format('As a superuser run: create role %I nologin; grant %I to %I; then upgrade again.',
                                        wanted, wanted, current_user);
        end;
        -- To take the role for a transaction one must be a member of it.
        if not pg_has_role(current_user, wanted, 'USAGE') then
            begin
                execute format('grant %I to %I', wanted, current_user);
            exception
                when unique_violation or internal_error then null; -- another database's upgrade did it
                when insufficient_privilege then
                    raise exception '% is no member of role % and may not become it', current_user, wanted
                        using hint = format('As a superuser run: grant %I to %I; then upgrade again.', wanted, current_user);
            end;
        end if;
    end loop;
end $$;

-- A home by number, code and address, for who joins and moves out, and the shape in which masking.sql is given one. For the website
-- itself there is no home in it: an older version's pages ask, and then name none.
create or replace view home_named with (security_barrier) as
select home_id, code, label from home where (select current_user) <> 'cityops_api';

-- Every device, without place, label or what it measured: for counts, and for what is silent.
create or replace view device_named as
select device_id, name, kind, shard, cadence_s, installed_at, retired_at from device;

-- Of what rules remember the website needs what is treated; the rest is of homes too.
create or replace view treated_state as select subject, version, state from rule_state where rule_id = 'treated';

-- Frogs and all else that is or was in a home are not the website's to see: what is known of them besides their name
-- comes by functions, as a number or a time. Like all policies it names no role (docs/adr/016-household-isolation.md).
drop policy if exists api_sees on device;
create policy api_sees on device for select using ((select current_user) = 'cityops_api' and not private);

-- Homes as they are installed, for the rules; none for who may not read them: the website plans with roads and bins only.
create or replace function homes_installed() returns jsonb language plpgsql stable as $$
begin
    if not has_table_privilege('home', 'select') or not has_table_privilege('home_device', 'select') then
        return '[]';
    end if;
    return coalesce((
        select jsonb_agg(jsonb_build_object(
                   'code', h.code, 'label', h.label, 'temperature_factor', h.temperature_factor, 'occupants', h.occupants,
                   'devices', coalesce((
                       select jsonb_agg(d.name order by d.device_id) from home_device hd
                         join device d on d.device_id = hd.device_id and d.retired_at is null
                        where hd.home_id = h.home_id), '[]')
               ) order by h.home_id) from home h), '[]');
end $$;
