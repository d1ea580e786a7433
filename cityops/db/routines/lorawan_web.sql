-- What the website may do of LoRaWAN beyond its rights on tables.

-- Have what was set aside of a sensor stored after all; how many events. None of a home's: the website knows of none.
create or replace function lorawan_again(p_dev_eui text) returns bigint
language sql volatile security definer set search_path = public, pg_temp as $$
    with again as (
        update lorawan_inbox set state = 'waiting', done_at = null, reason_code = null, reason = null, next_at = now()
         where state = 'dead' and body <> '' and dev_eui = p_dev_eui and not lorawan_private(p_dev_eui)
        returning 1)
    select count(*) from again
$$;

-- Keep a pack of SenML once (times absolute, JSON); true where it is new, null where they are switched off. Of a device that stands in no home:
-- the website knows of no other. Their source is made with the first; its token is of chance, so that no webhook is it.
-- Whoever sends it has shown a key that is good for observations: that is all that such a device will ever show, so it has claimed.
drop function if exists senml_receive(text, text, timestamptz, bytea);
create or replace function senml_receive(p_device text, p_key text, p_at timestamptz, p_body bytea, p_by text default 'a program')
returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    source lorawan_source;
begin
    if not exists (select from device where name = p_device and not private and retired_at is null) then
        raise exception 'no device % takes SenML here', p_device using errcode = 'no_data_found';
    end if;
    select * into source from lorawan_source where name = 'senml';
    if not found then
        insert into lorawan_source (name, protocol, transport, token_hash, created_by)
        values ('senml', 'senml', 'webhook', sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'utf8')), 'the website')
        on conflict (name) do nothing;
        select * into source from lorawan_source where name = 'senml';
    end if;
    if not source.enabled or source.protocol <> 'senml' then
        return null;
    end if;
    perform device_claims_by_hand(device_id, p_by, 'by a SenML pack with a key for observations') from device where name = p_device;
    return lorawan_receive(source.source_id, 'senml', p_key, null, p_at, null, null, null, p_device, p_body);
end $$;
revoke all on function lorawan_again(text), senml_receive(text, text, timestamptz, bytea, text) from public;
do $$
begin
    if exists (select from pg_roles where rolname = 'cityops_api') then
        grant execute on function lorawan_again(text), senml_receive(text, text, timestamptz, bytea, text) to cityops_api;
    end if;
end $$;
