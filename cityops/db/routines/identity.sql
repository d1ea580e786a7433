-- What the role cityops_identity asks of homes: whether a resident's key still opens one, and nothing else.

-- The code of a home, as long as the resident lives there; null: she does not.
create or replace function home_of_key(p_home integer, p_resident uuid, p_now timestamptz) returns text
language sql stable security definer set search_path = public, pg_temp as $$
    select h.code from home h
     where h.home_id = p_home and exists (
           select from household_member m
            where m.home_id = p_home and m.resident_id = p_resident and (m.to_at is null or m.to_at > p_now))
$$;
revoke all on function home_of_key(integer, uuid, timestamptz) from public;
grant execute on function home_of_key(integer, uuid, timestamptz) to cityops_identity;
