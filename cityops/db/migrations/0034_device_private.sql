-- Whether what a device measures is a household's stands with the device: policies, feeds and SensorThings ask it of every row.
--
-- It never goes back: what a device measured in a home stays the household's when it is taken out.

alter table device add column private boolean not null default false;
update device set private = true
 where kind = 'frog' or device_id in (select device_id from home_device union select device_id from home_device_past);

create function device_stays_private() returns trigger language plpgsql as $$
begin
    new.private := new.private or new.kind = 'frog' or (tg_op = 'UPDATE' and old.private);
    return new;
end $$;
create trigger device_stays_private before insert or update of private, kind on device
    for each row execute function device_stays_private();

-- Whoever puts a device into a home may not be who may change devices.
create function device_is_in_a_home() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update device set private = true where device_id = new.device_id and not private;
    return new;
end $$;
create trigger device_is_in_a_home after insert or update of device_id on home_device
    for each row execute function device_is_in_a_home();

create index device_private on device (device_id) where private;
