-- What a device measures is a household's: the one place that says so, for every query that shows devices.

-- A frog, wherever it is; and any device that stands in a home or ever stood in one: the triggers of migration 0034 keep
-- the column. A view, for queries over all devices: asked one by one, 10,000 take a third of a second.
create or replace view private_device as
select device_id from device where private;

-- The same of one device. Security definer: the dashboards' role may not read who has which device.
create or replace function is_private(p_device integer) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from private_device where device_id = p_device)
$$;

-- The same by name; of a name that is no device's: no.
create or replace function is_private(p_name text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce((select is_private(device_id) from device where name = p_name), false)
$$;

revoke all on function is_private(integer), is_private(text) from public;
