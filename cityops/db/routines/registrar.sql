-- Who joins, who lives where, who is signed in: the role cityops_registrar, which reads nothing that was measured.
--
-- Codes and sessions are looked up before anybody is known, so no session of hers can be asked for: the role sees all
-- rows of these tables, and no table else. See zz_rights.sql.

do $$
declare
    listed text;
begin
    foreach listed in array array['resident', 'resident_session', 'join_code', 'join_try', 'household_member', 'consent',
                                  'home_contact'] loop
        execute format('drop policy if exists registrar on public.%I', listed);
        execute format('create policy registrar on public.%I for all using ((select current_user) = ''cityops_registrar'')'
                       ' with check ((select current_user) = ''cityops_registrar'')', listed);
    end loop;
end $$;
drop policy if exists registrar_writes on access_log;
create policy registrar_writes on access_log for insert
    with check ((select current_user) = 'cityops_registrar' and role = 'resident');

-- Who joins and who leaves a home come one after the other. A lock on the row wants a right to change it, which the role has not.
create or replace function lock_home(p_home integer) returns integer
language sql volatile security definer set search_path = public, pg_temp as $$
    select home_id from home where home_id = p_home for no key update
$$;

-- The newest entry of all diaries, by number: that it changed makes a page look again.
create or replace function diary_newest() returns bigint
language sql stable security definer set search_path = public, pg_temp as $$ select max(diary_entry_id) from diary_entry $$;

revoke all on function lock_home(integer), diary_newest() from public;

-- A deletion is asked for here and done by the ingester's process, whose login owns the tables. Who asks twice waits for the same
-- one. Null: she has no stay there.
create or replace function erasure_ask(p_home integer, p_resident uuid, p_forget boolean) returns uuid
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    number uuid;
begin
    perform lock_home(p_home);
    select erasure_id into number from erasure
     where home_id = p_home and resident_id = p_resident and forget = p_forget and done_at is null;
    if number is null then
        insert into erasure (home_id, why, resident_id, forget)
        select p_home, 'asked', p_resident, p_forget
         where exists (select from household_member where home_id = p_home and resident_id = p_resident)
        returning erasure_id into number;
    end if;
    perform pg_notify('cityops_erasure', '');
    return number;
end $$;

-- How far a deletion is; done_at null: it is not done yet. It says nothing of whose it was.
create or replace function erasure_receipt(p_erasure uuid)
returns table (erasure_id uuid, asked_at timestamptz, done_at timestamptz, deleted jsonb, kept jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.erasure_id, e.asked_at, e.done_at, e.deleted, e.kept from erasure e where e.erasure_id = p_erasure
$$;
revoke all on function erasure_ask(integer, uuid, boolean), erasure_receipt(uuid) from public;
