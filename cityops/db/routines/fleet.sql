-- What the fleet's pages may know of every device, homes' among them: whether it is connected, since when, its firmware,
-- how many readings wait, its battery. Nothing that was measured of a home, and nothing that it says in words of its own.

-- p_device: one device; null: all that are not retired. A device that is kept out (kept_out: quarantined, or unclaimed as its credential
-- was revoked) is not online, whatever was last heard under its name: nobody has heard since that it is gone.
drop function if exists fleet_seen(integer);
create function fleet_seen(p_device integer default null)
returns table (device_id integer, online boolean, heard_at timestamptz, firmware text, waiting bigint, kept_out text)
language sql stable security definer set search_path = public, pg_temp as $$
    select d.device_id, case when s.status is not null then x.kept_out = '' and s.status -> 'online' = 'true' end, s.status_at,
           case when s.status ->> 'firmware' ~ '^[A-Za-z0-9._+-]{1,60}$' then s.status ->> 'firmware' else '' end,
           case when jsonb_typeof(s.status -> 'outbox') = 'number'
                then least(greatest((s.status ->> 'outbox')::numeric, 0), 2147483647)::bigint
                when x.kept_out = '' and s.status -> 'online' = 'true' then 0 end, x.kept_out
      from device d left join device_status s using (device_id) left join device_state i using (device_id)
     cross join lateral (select case when i.state in ('unclaimed', 'quarantined') then i.state else '' end as kept_out) x
     where d.retired_at is null and (p_device is null or d.device_id = p_device)
$$;

-- Numbers of a device's last status by which its clock and its start are known.
create or replace function fleet_status(p_device integer)
returns table (at timestamptz, boot bigint, clk integer, wall_ms bigint, mono_ms bigint, oldest_unreceipted timestamptz, cadence_s integer,
               installed_at timestamptz)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    said jsonb;
begin
    select s.status, s.status_at, d.cadence_s, d.installed_at into said, at, cadence_s, installed_at
      from device d left join device_status s using (device_id) where d.device_id = p_device and d.retired_at is null;
    if not found then
        return;
    end if;
    boot := fleet_whole(said -> 'boot');
    -- A birth leaves out a 0, which is a clock that was never set; least() alone would make 32767 of what is not there. A LoRaWAN
    -- sensor has no clock: its network's time counts.
    clk := case when said ? 'clk' then least(fleet_whole(said -> 'clk'), 32767) when boot > 0 and not said ? 'lorawan' then 0 end;
    wall_ms := fleet_whole(said -> 'wall_ms');
    mono_ms := fleet_whole(said -> 'mono_ms');
    if said ->> 'oldest_unreceipted' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$' then
        begin
            oldest_unreceipted := (said ->> 'oldest_unreceipted')::timestamptz;
        exception when datetime_field_overflow or invalid_datetime_format then null;
        end;
    end if;
    return next;
end $$;

-- A whole number of a document; null where there is none.
create or replace function fleet_whole(p_value jsonb) returns bigint language sql immutable as $$
    select case when jsonb_typeof(p_value) = 'number' then least(greatest(trunc((p_value #>> '{}')::numeric), 0), 9e15)::bigint end
$$;

-- A device's newest battery, of kinds that have one.
create or replace function fleet_battery(p_device integer)
returns table (at timestamptz, battery_v double precision, battery_pct double precision)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    readings regclass;
    volts text := 'null::float8';
    share text := 'null::float8';
begin
    select to_regclass(format('public.%I', d.kind || '_reading')) into readings from device d where d.device_id = p_device;
    if readings is null then
        return;
    end if;
    if exists (select from pg_attribute where attrelid = readings and attname = 'battery_v' and not attisdropped) then
        volts := 'battery_v::float8';
    end if;
    if exists (select from pg_attribute where attrelid = readings and attname = 'battery_pct' and not attisdropped) then
        share := 'battery_pct::float8';
    end if;
    if volts like 'null%' and share like 'null%' then
        return;
    end if;
    return query execute format('select ts, %s, %s from %s where device_id = $1 order by ts desc limit 1', volts, share, readings)
        using p_device;
end $$;

-- What a LoRaWAN sensor's network server knows of it, and how many of its frames the air took. Not by which gateway it was heard:
-- that would say where a home is.
create or replace function fleet_radio(p_device integer)
returns table (dev_eui text, radio_at timestamptz, uplinks bigint, rssi_dbm double precision, snr_db double precision, spreading integer,
               margin_db double precision, server_battery_pct double precision, external_power boolean, server_battery_at timestamptz,
               frames bigint, lost bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select b.dev_eui, h.last_seen_at, coalesce(h.uplinks, 0), h.rssi_dbm::float8, h.snr_db::float8, h.spreading::integer, h.margin_db::float8,
           h.battery_pct::float8, h.external_power, h.status_at, coalesce(l.received, 0), coalesce(l.lost, 0)
      from lorawan_binding b
      left join lorawan_device h on h.dev_eui = b.dev_eui
      left join health.ledger l on l.device_id = p_device
     where b.device_id = p_device and b.unbound_at is null;
end $$;

revoke all on function fleet_radio(integer) from public;
revoke all on function fleet_seen(integer), fleet_status(integer), fleet_whole(jsonb), fleet_battery(integer) from public;
