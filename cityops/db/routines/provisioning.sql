-- Provisioning (migration 0042): devices by name for who manages them, births noted as they come, and the household's side of a claim.

-- What is needed of a device to give it a credential: no label and no place, which may be a household's.
create or replace view device_known as
select device_id, name, kind, shard, cadence_s, installed_at, retired_at from device;

-- A device manager's acts upon the table of devices, which the accounts' role may not change otherwise. Null: the name is taken.
create or replace function device_add(p_name text, p_kind text, p_shard integer, p_cadence_s integer) returns integer
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    made integer;
begin
    insert into device (name, kind, shard, cadence_s, installed_at) values (p_name, p_kind, p_shard, p_cadence_s, now())
    on conflict (name) do nothing returning device_id into made;
    return made;
end $$;
create or replace function device_retire(p_device integer) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    update device set retired_at = coalesce(retired_at, now()) where device_id = p_device
$$;
revoke all on function device_add(text, text, integer, integer), device_retire(integer) from public;

-- A device that was added and that nobody has ever claimed is in service from now on, as it shows a credential that was given by hand:
-- a key of a program that speaks for it, or a login that the operator made. One that was ever claimed and is out stays out: it was
-- revoked, and comes in again with a new label. Whether it was so.
create or replace function device_claims_by_hand(p_device integer, p_by text, p_how text) returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    update device_state s set state = 'active', reason = '', changed_at = now()
     where s.device_id = p_device and s.state = 'unclaimed'
       and exists (select from device d where d.device_id = p_device and d.retired_at is null)
       and not exists (select from device_act a where a.device_id = p_device and a.act not in ('added', 'labelled', 'homed'));
    if not found then
        return false;
    end if;
    insert into device_act (device_id, "by", act, detail) values (p_device, left(p_by, 120), 'claimed', left(p_how, 500));
    return true;
end $$;
revoke all on function device_claims_by_hand(integer, text, text) from public;

-- A birth: of the newest life, or the beginning of another's run. Only what the rule needs is kept: the newest 20 runs.
create or replace function device_birth_note() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    newest device_install;
    card text := new.status ->> 'install';
    start numeric := coalesce((new.status ->> 'boot')::numeric, 0);
    began bigint := (new.status ->> 'wall_ms')::bigint - (new.status ->> 'mono_ms')::bigint;
begin
    if new.status ->> 'online' is distinct from 'true' or coalesce(card, '') = '' or length(card) > 80
       or start not between 0 and 4611686018427387904 then
        return null;
    end if;
    select * into newest from device_install where device_id = new.device_id order by run_id desc limit 1;
    -- As ops_api/provisioning/core/clones.py tells lives apart (SAME_START_MS); a test holds them together.
    if found and newest.install = card and newest.boot = start and coalesce(abs(newest.started_ms - began) <= 120000, true) then
        update device_install set last_seen = greatest(last_seen, new.status_at), started_ms = coalesce(started_ms, began)
         where run_id = newest.run_id;
        return null;
    end if;
    insert into device_install (device_id, install, boot, started_ms, first_seen, last_seen)
    values (new.device_id, card, start, began, new.status_at, new.status_at);
    delete from device_install where device_id = new.device_id and run_id <= (
        select run_id from device_install where device_id = new.device_id order by run_id desc offset 20 limit 1);
    perform pg_notify('cityops_devices', 'birth');
    return null;
end $$;
create or replace trigger device_birth_note after insert or update of status on device_status
    for each row when (new.status is not null) execute function device_birth_note();

-- Whether a household may take a device by a claim code: 'opens', or why not. A road's sensor is nobody's home's.
create or replace function device_claim_state(p_hash bytea) returns text
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin  -- in plpgsql, which looks up kinds_of_homes() when it is called: it is made after this
    return coalesce((
        select case when d.kind <> all (kinds_of_homes()) or d.retired_at is not null then 'unknown'
                    when c.homed_at is not null then 'used'
                    when c.expires_at <= now() then 'expired' else 'opens' end
          from device_claim c join device d using (device_id) where c.code_hash = p_hash and c.revoked_at is null), 'unknown');
end $$;

-- Put the code's device into a home: the one given, else the one where it stands, else a new one. Returns the home; null: it may
-- not be. A device that stands in another home is not taken from there: who lives there would lose what it measures.
create or replace function device_claim_home(p_hash bytea, p_home integer, p_room text, p_new_code text)
returns integer language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    claim record;
    there integer;
    target integer := p_home;
begin
    select c.claim_id, c.device_id, d.name into claim from device_claim c join device d using (device_id)
     where c.code_hash = p_hash and c.revoked_at is null and c.homed_at is null and c.expires_at > now()
       and d.kind = any (kinds_of_homes()) and d.retired_at is null
       for update of c;
    if not found then
        return null;
    end if;
    select home_id into there from home_device where device_id = claim.device_id;
    if there is not null and target is not null and there <> target then
        return null;
    end if;
    target := coalesce(target, there);
    if target is null then
        insert into home (code, label) values (p_new_code, 'Home of ' || claim.name) returning home_id into target;
    end if;
    if there is null then
        insert into home_device (device_id, home_id, room) values (claim.device_id, target, left(p_room, 60));
    end if;
    update device_claim set homed_at = now(), home_id = target where claim_id = claim.claim_id;
    insert into device_act (device_id, "by", act) values (claim.device_id, 'a household', 'homed');
    perform pg_notify('cityops_devices', '');
    return target;
end $$;

-- The same for who lives nowhere yet: a join code of that home that opens once, within minutes. Of it only a hash is anywhere.
create or replace function device_claim_join(p_hash bytea, p_new_code text, p_once bytea)
returns table (join_code_id uuid, home_id integer, kind text, code text, label text)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    target integer := device_claim_home(p_hash, null, '', p_new_code);
begin
    if target is null then
        return;
    end if;
    return query
        with made as (
            insert into join_code (home_id, code_hash, kind, hint, strong, expires_at, uses)
            values (target, p_once, 'label', '', true, now() + interval '10 minutes', 1)
            returning join_code.join_code_id, join_code.home_id, join_code.kind)
        select m.join_code_id, m.home_id, m.kind, h.code, h.label from made m join home h on h.home_id = m.home_id;
end $$;
revoke all on function device_claim_state(bytea), device_claim_home(bytea, integer, text, text),
    device_claim_join(bytea, text, bytea) from public;

-- The login of one device for a broker that asks the database itself (deploy/emqx): what its password is checked with, as EMQX has it:
-- PBKDF2-HMAC-SHA512 in hexadecimal, and the salt as bytes. Nothing of who is kept out, and nothing where the rounds are others than the
-- broker's: it has one number for all (ITERATIONS of devices/contract/provisioning.py). Granted to nobody here: to the broker's own role by
-- who makes that (docs/provisioning.md).
create or replace function broker_login(p_name text, p_iterations integer default 101) returns table (password_hash text, salt bytea)
language sql stable security definer set search_path = public, pg_temp as $$
    select encode(decode(split_part(c.verifier, '$', 5), 'base64'), 'hex'), decode(split_part(c.verifier, '$', 4), 'base64')
      from device d
      join device_credential c on c.device_id = d.device_id and c.state = 'current' and c.kind = 'token'
      left join device_state s on s.device_id = d.device_id
     where d.name = p_name and d.retired_at is null and coalesce(s.state, 'active') = 'active'
       and starts_with(c.verifier, '$7$' || p_iterations || '$')
$$;
revoke all on function broker_login(text, integer) from public;
