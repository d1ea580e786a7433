-- contract: nobody misses anything: the rights that are taken are those on functions that are made here
-- When a field that a device need not send was first and last there, so that its newest observation is looked for in one place and not
-- through all readings since (docs/adr/034). Kept by sta_sync() (routines/sensorthings.sql) and never by who stores readings.

create table sta_seen (
    datastream_id integer primary key references sta_datastream on delete cascade,
    since         timestamptz not null,   -- of the first reading that has it; infinity: none has
    until         timestamptz not null    -- of the newest but for one within the hour behind it; -infinity: none has
) with (fillfactor = 50);

-- Nothing is kept of a household's: what becomes one's is forgotten in the same transaction.
create function sta_unseen() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from sta_seen where datastream_id = new.datastream_id;
    return new;
end $$;
create trigger sta_unseen after update of private on sta_datastream
    for each row when (new.private and not old.private) execute function sta_unseen();

-- Numbers of a datastream that people made go with it, also where it goes with the device on whose Thing they made it.
create function sta_forget_numbers() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from gone where device_id is null) then
        delete from other_reading where device_id = any (array(select -datastream_id from gone where device_id is null));
    end if;
    return null;
end $$;
create trigger sta_forget_numbers after delete on sta_datastream
    referencing old table as gone for each statement execute function sta_forget_numbers();
revoke all on function sta_unseen(), sta_forget_numbers() from public;

-- Those that were left behind until now: numbers of datastreams are not given twice.
delete from other_reading r where not exists (select from sta_datastream d where d.datastream_id = -r.device_id);
