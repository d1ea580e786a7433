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

-- How many sign-ins failed in an hour stands among wrong tries (sign_in_try), under marks that no try has: by what they were at, and
-- as a whole, which are those that were not too many at one thing. Counted there all processes count together.
create or replace function audit_failed_mark(p_what text) returns bytea language sql immutable as $$
    select sha256(convert_to(E'audit failed\x1f' || p_what, 'UTF8'))
$$;

-- A sign-in that failed: a line of it, unless this hour has enough of them; what is left out is told by audit_untold().
-- What was typed is kept where it is the name of an account or the public part of a key; of anything else a mark is.
create or replace function audit_failed(
    p_at_us bigint, p_via text, p_action text, p_outcome text, p_network text, p_request_id text, p_why text,
    p_about text, p_name text, p_key text, p_mark text
) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    of_one constant integer := 20;
    of_all constant integer := 300;
    this_hour timestamptz := date_trunc('hour', clock_timestamp());
    about text := coalesce(nullif(p_about, ''), (select 'account:' || a.account_id from account a where a.name = p_name),
                           (select 'key:' || k.key_id from api_key k where k.key_id = p_key), '');
    counted text;
    so_many integer;
begin
    perform set_config('lock_timeout', '3s', true);
    foreach counted in array array[coalesce(nullif(about, ''), 'unknown'), '*'] loop
        insert into sign_in_try as t (subject, source, wrong, last_at, until)
        values (audit_failed_mark(counted), audit_failed_mark(extract(epoch from this_hour)::bigint::text), 1, clock_timestamp(),
                this_hour + interval '1 hour')
        on conflict (subject, source) do update set wrong = least(t.wrong, 2000000000) + 1, last_at = excluded.last_at
        returning t.wrong into so_many;
        if so_many > (case counted when '*' then of_all else of_one end) then
            return false;
        end if;
    end loop;
    perform audit_add(p_at_us, 'nobody', 'failed', '', p_via, p_action, about, p_why, p_outcome, p_network, p_request_id,
                      jsonb_strip_nulls(jsonb_build_object('mark', case about when '' then nullif(p_mark, '') end))::text);
    return true;
end $$;

-- A line for each hour that is over and had more of them than lines; returns how many lines.
create or replace function audit_untold() returns integer language plpgsql volatile
security definer set search_path = public, pg_temp as $$
declare
    of_all constant integer := 300;
    one record;
    lines integer := 0;
begin
    for one in
        with past as (select h, audit_failed_mark(extract(epoch from h)::bigint::text) as mark
                        from generate_series(date_trunc('hour', clock_timestamp()) - interval '47 hours',
                                             date_trunc('hour', clock_timestamp()) - interval '1 hour', interval '1 hour') h),
             gone as (delete from sign_in_try t using past p where t.source = p.mark
                      returning p.h, t.subject = audit_failed_mark('*') as is_whole, t.wrong)
        select h as of_hour, sum(wrong) filter (where not is_whole)
                             - least(coalesce(sum(wrong) filter (where is_whole), 0), of_all) as more
          from gone group by h order by h
    loop
        continue when coalesce(one.more, 0) <= 0;
        perform audit_add((extract(epoch from clock_timestamp()) * 1000000)::bigint, 'nobody', 'failed', '', 'cli',
                          'more sign-ins failed', '', '', 'refused', '', '',
                          jsonb_build_object('hour', to_char(one.of_hour at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), 'more', one.more)::text);
        lines := lines + 1;
    end loop;
    return lines;
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

-- What a resident did, and who else looked at her home or changed something of it, in a time; newest first. Others who live there are
-- other people: what they did is not hers. Of staff the roles are told, and who it was in the log that the household reads.
create or replace function audit_of_resident(
    p_resident uuid, p_home integer, p_from timestamptz, p_to timestamptz, p_before bigint, p_limit integer
) returns table (entry_id bigint, at timestamptz, who text, action text, about text, reason text, outcome text)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.entry_id, to_timestamp(e.at_us / 1000000.0),
           case when e.actor_kind = 'resident' then 'you'
                when e.actor_kind = 'team' then 'the team ' || e.actor_id
                when e.actor_kind = 'cli' then 'the operator'
                else concat_ws(': ', e.actor_kind, nullif(e.roles, '')) end,
           e.action, e.object, e.reason, e.outcome
      from audit_entry e
     where (e.actor_kind = 'resident' and e.actor_id = p_resident::text
            or e.actor_kind <> 'resident' and e.object = any (
                array['home:' || p_home] || array(select 'home:' || p_home || ' case:' || c.case_id from housing_case c
                                                   where c.home_id = p_home)))
       and (p_before is null or e.entry_id < p_before)
       and (p_from = '-infinity' or e.at_us >= extract(epoch from p_from) * 1000000)
       and (p_to = 'infinity' or e.at_us <= extract(epoch from p_to) * 1000000)
     order by e.entry_id desc limit least(greatest(p_limit, 1), 5000)
$$;

-- Likewise of the resident who asks, since she lives in a home that is hers now.
create or replace function my_audit(p_home integer, p_before bigint, p_limit integer)
returns table (entry_id bigint, at timestamptz, who text, action text, about text, reason text, outcome text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query select a.* from (select resident_id() as resident, my_since(p_home) as since) r
          cross join lateral audit_of_resident(r.resident, p_home, r.since, 'infinity', p_before, p_limit) a
          where r.resident is not null and r.since is not null;
end $$;

-- Rights on what is told of sign-ins that failed, and to residents of themselves.
revoke all on function audit_failed_mark(text), audit_untold(), my_audit(integer, bigint, integer),
    audit_failed(bigint, text, text, text, text, text, text, text, text, text, text),
    audit_of_resident(uuid, integer, timestamptz, timestamptz, bigint, integer) from public;
do $$
begin
    if exists (select from pg_roles where rolname = 'cityops_resident') then
        grant execute on function my_audit(integer, bigint, integer) to cityops_resident;
    end if;
    if exists (select from pg_roles where rolname = 'cityops_api') then
        grant execute on function audit_untold(), audit_failed(bigint, text, text, text, text, text, text, text, text, text, text)
            to cityops_api;
    end if;
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
        grant execute on function audit_last(), audit_add(bigint, text, text, text, text, text, text, text, text, text, text, text)
            to cityops_api;
    end if;
end $$;
