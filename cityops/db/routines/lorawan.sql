-- LoRaWAN in: how an event is kept once, and what the website's role may see of it.

-- Whether a sensor is, or was, a household's. Security definer: the website's role does not see which device is whose.
create or replace function lorawan_private(p_dev_eui text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from lorawan_binding b join private_device p using (device_id) where b.dev_eui = p_dev_eui)
$$;

do $$
declare
    hidden text;
begin
    foreach hidden in array array['lorawan_binding', 'lorawan_device', 'lorawan_inbox', 'lorawan_downlink'] loop
        execute format('drop policy if exists homes_are_not_shown on %I', hidden);
        execute format('create policy homes_are_not_shown on %I using ((select current_user) <> ''cityops_api'''
                       ' or not lorawan_private(dev_eui))', hidden);
    end loop;
    -- A sensor that nobody knows may not be made a home's from the website either: its readings would be the home's.
    alter policy homes_are_not_shown on lorawan_binding
        with check ((select current_user) <> 'cityops_api' or not lorawan_private(dev_eui) and not is_private(device_id));
end $$;

-- A LoRaWAN sensor never claims its name: whoever binds it says which one it is. Without this all that it sends would be set aside.
create or replace function lorawan_bound() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update device_state set state = 'active', reason = '', changed_at = now()
     where device_id = new.device_id and state = 'unclaimed';
    if found then
        insert into device_act (device_id, at, by, act, detail)
        values (new.device_id, now(), left(new.bound_by, 120), 'claimed', 'by binding LoRaWAN sensor ' || new.dev_eui);
    end if;
    return new;
end $$;
revoke all on function lorawan_bound() from public;
create or replace trigger lorawan_bound after insert on lorawan_binding for each row execute function lorawan_bound();

-- A source without the mark of its token.
create or replace view lorawan_source_shown with (security_barrier) as
select source_id, name, protocol, transport, settings, enabled, created_by, created_at, last_seen_at, received, duplicates, refused,
       connection, connection_at from lorawan_source;

-- What a webhook's token is compared with; null where there is no such webhook, or it is switched off.
create or replace function lorawan_webhook(p_name text)
returns table (source_id integer, protocol text, token_hash bytea)
language sql stable security definer set search_path = public, pg_temp as $$
    select s.source_id, s.protocol, s.token_hash from lorawan_source s
     where s.name = p_name and s.enabled and s.transport = 'webhook'
$$;

-- Keep an event once; true where it is new. An event with the same key is the same one, unless the network server heard it more than
-- a minute apart: then the device's counter began again in the same session (ABP), and the key gets the time.
create or replace function lorawan_receive(
    p_source integer, p_kind text, p_key text, p_dev_eui text, p_network_at timestamptz, p_f_port integer, p_f_cnt bigint,
    p_payload bytea, p_topic text, p_body bytea, p_reason_code text default null, p_reason text default null
) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    wanted text := p_key;
    added bigint;
    other timestamptz;
begin
    for attempt in 1..2 loop
        insert into lorawan_inbox (source_id, network_at, event_kind, idempotency_key, dev_eui, f_port, f_cnt, payload, topic, body,
                                   state, reason_code, reason, done_at)
        values (p_source, p_network_at, p_kind, wanted, p_dev_eui, p_f_port, p_f_cnt, p_payload, p_topic, p_body,
                case when p_reason_code is null then 'waiting' else 'dead' end, p_reason_code, p_reason,
                case when p_reason_code is not null then now() end)
        on conflict (source_id, idempotency_key) do nothing returning event_id into added;
        exit when added is not null or p_kind <> 'uplink';
        select network_at into other from lorawan_inbox where source_id = p_source and idempotency_key = wanted;
        exit when abs(extract(epoch from p_network_at - other)) is not distinct from null
               or abs(extract(epoch from p_network_at - other)) <= 60;
        wanted := p_key || '@' || floor(extract(epoch from p_network_at))::bigint;
    end loop;
    update lorawan_source
       set last_seen_at = now(),
           received = received + (added is not null)::integer,
           duplicates = duplicates + (added is null)::integer,
           refused = refused + (added is not null and p_reason_code is not null)::integer
     where source_id = p_source;
    if added is not null then
        perform pg_notify('cityops_lorawan', '');
    end if;
    return added is not null;
end $$;

revoke all on function lorawan_private(text), lorawan_webhook(text),
    lorawan_receive(integer, text, text, text, timestamptz, integer, bigint, bytea, text, bytea, text, text) from public;
