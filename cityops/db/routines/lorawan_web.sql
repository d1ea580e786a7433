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
revoke all on function lorawan_again(text) from public;
do $$
begin
    if exists (select from pg_roles where rolname = 'cityops_api') then
        grant execute on function lorawan_again(text) to cityops_api;
    end if;
end $$;
