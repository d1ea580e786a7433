-- The audit's only ways in and out. Each runs as its owner, whoever asks; nobody else may touch the tables.
--
-- The chain: link = sha256(link before || number and fields, UTF-8, separated by U+001F). ops_api/audit/core/chain.py works out
-- the same. The lock is held to the end of the transaction, so a line is added in a transaction of its own.

create or replace function audit_last(out entry_id bigint, out link bytea) language plpgsql stable
security definer set search_path = public, pg_temp as $$
begin
    select e.entry_id, e.link into entry_id, link from audit_entry e order by e.entry_id desc limit 1;
    if not found then
        select b.entry_id, b.link into entry_id, link from audit_base b order by b.entry_id desc limit 1;
    end if;
    if not found then
        entry_id := 0;
        link := sha256(convert_to(E'cityops-audit-1\n', 'UTF8'));
    end if;
end $$;

-- A mark of a network that is no address; of the same network the same within a month, and of nobody's once the key is dropped.
create or replace function audit_mark(p_network text) returns text language plpgsql
security definer set search_path = public, pg_temp as $$
declare
    this_month date := date_trunc('month', now() at time zone 'UTC');
    found_key bytea;
begin
    if p_network = '' then
        return '';
    end if;
    select k.key into found_key from audit_source_key k where k.month = this_month;
    if not found then
        found_key := sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
        insert into audit_source_key (month, key) values (this_month, found_key);
        delete from audit_source_key k where k.month < date_trunc('month', (now() at time zone 'UTC') - interval '90 days');
    end if;
    return left(encode(sha256(found_key || sha256(found_key || convert_to(p_network, 'UTF8'))), 'hex'), 16);
end $$;

create or replace function audit_add(
    p_at_us bigint, p_actor_kind text, p_actor_id text, p_roles text, p_via text, p_action text, p_object text, p_reason text,
    p_outcome text, p_network text, p_request_id text, p_detail text
) returns bigint language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    before record;
    number bigint;
    mark text;
begin
    if num_nulls(p_at_us, p_actor_kind, p_actor_id, p_roles, p_via, p_action, p_object, p_reason, p_outcome, p_network,
                 p_request_id, p_detail) > 0
       or concat(p_actor_kind, p_actor_id, p_roles, p_via, p_action, p_object, p_reason, p_outcome, p_network, p_request_id,
                 p_detail) like E'%\x1f%' then
        raise exception 'a field of an audit line is missing, or holds U+001F' using errcode = 'invalid_parameter_value';
    end if;
    -- Whoever holds the lock holds up every line: after so long the website keeps lines aside, or refuses who only looks.
    perform set_config('lock_timeout', '3s', true);
    perform pg_advisory_xact_lock(hashtext('cityops audit'));
    mark := audit_mark(p_network);
    select * into before from audit_last();
    number := before.entry_id + 1;
    insert into audit_entry (entry_id, at_us, actor_kind, actor_id, roles, via, action, object, reason, outcome, source, request_id,
                             detail, link)
    values (number, p_at_us, p_actor_kind, p_actor_id, p_roles, p_via, p_action, p_object, p_reason, p_outcome, mark, p_request_id,
            p_detail,
            sha256(before.link || convert_to(concat_ws(E'\x1f', number, p_at_us, p_actor_kind, p_actor_id, p_roles, p_via, p_action,
                   p_object, p_reason, p_outcome, mark, p_request_id, p_detail), 'UTF8')));
    return number;
end $$;

-- Lines newest first, after it is written down who read them.
create or replace function audit_read(
    p_at_us bigint, p_actor_kind text, p_actor_id text, p_roles text, p_via text, p_network text, p_request_id text,
    p_actor text, p_about text, p_before bigint, p_limit integer
) returns setof audit_entry language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    perform audit_add(p_at_us, p_actor_kind, p_actor_id, p_roles, p_via, 'audit read',
                      translate(coalesce('actor:' || p_actor, '') || coalesce(' object:' || p_about, ''), E'\x1f', ' '), '', 'done',
                      p_network, p_request_id, '{}');
    return query
        select e.* from audit_entry e
         where (p_actor is null or e.actor_id = p_actor) and (p_about is null or e.object = p_about)
           and (p_before is null or e.entry_id < p_before)
         order by e.entry_id desc limit least(greatest(p_limit, 1), 1000);
end $$;

-- Cut off what is older than so many days, up to the first line that is not; what was the last cut off is kept as the base.
create or replace function audit_cut(p_days integer) returns bigint language plpgsql volatile
security definer set search_path = public, pg_temp as $$
declare
    since_us bigint := (extract(epoch from now() - make_interval(days => p_days)) * 1000000)::bigint;
    first_kept bigint;
    base record;
    gone bigint;
begin
    perform pg_advisory_xact_lock(hashtext('cityops audit'));
    select coalesce(min(e.entry_id), (select l.entry_id + 1 from audit_last() l)) into first_kept
      from audit_entry e where e.at_us >= since_us;
    select e.entry_id, e.link into base from audit_entry e where e.entry_id < first_kept order by e.entry_id desc limit 1;
    if not found then
        return 0;
    end if;
    perform audit_add((extract(epoch from clock_timestamp()) * 1000000)::bigint, 'cli', 'retention', '', 'cli', 'audit cut',
                      'to:' || base.entry_id, '', 'done', '', '', json_build_object('link', encode(base.link, 'hex'))::text);
    insert into audit_base (entry_id, link) values (base.entry_id, base.link);
    perform set_config('cityops.audit_cut', 'on', true);
    delete from audit_entry e where e.entry_id <= base.entry_id;
    get diagnostics gone = row_count;
    perform set_config('cityops.audit_cut', '', true);
    return gone;
end $$;

revoke all on function audit_last(), audit_mark(text), audit_cut(integer),
    audit_add(bigint, text, text, text, text, text, text, text, text, text, text, text),
    audit_read(bigint, text, text, text, text, text, text, text, text, bigint, integer) from public;
do $$
begin
    if exists (select from pg_roles where rolname = 'cityops_api') then
        grant execute on function audit_last(), audit_add(bigint, text, text, text, text, text, text, text, text, text, text, text),
            audit_read(bigint, text, text, text, text, text, text, text, text, bigint, integer) to cityops_api;
    end if;
end $$;
