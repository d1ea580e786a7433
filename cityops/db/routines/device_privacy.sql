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

-- Letters as staff are shown them: the payload of a household's device, or a diary's, stays in the table.
create or replace view dead_letter_shown as
select l.dead_letter_id, l.received_at, l.topic, l.device, l.kind, l.reason_code,
       -- Its sentence has the value that was refused in it.
       case when p.private then 'A message of a household''s device: ' || replace(l.reason_code, '_', ' ') || '.' else l.reason end
           as reason, l.field, l.boot, l.seq,
       case when p.private then null else l.payload end as payload, p.private as payload_withheld, l.payload_bytes, l.replayed_at
  from dead_letter l
 cross join lateral (
       select l.topic like '%/diary' or l.kind is not distinct from 'frog' or is_private(l.device) or exists (
                  select from unnest(string_to_array(l.topic, '/')) part where part = 'frog' or is_private(part)) as private) p;

revoke all on function is_private(integer), is_private(text) from public;
