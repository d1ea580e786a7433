-- live
select catalogue_id, sha256, label, files, state, extract(epoch from created_at)::float8, created_by, reason
from catalogue_version where state = 'live'

-- find
select catalogue_id, sha256, label, files, state, extract(epoch from created_at)::float8, created_by, reason
from catalogue_version where catalogue_id = %(catalogue_id)s

-- put
with made as (
    insert into catalogue_version (sha256, label, files, created_by, reason)
    values (%(sha256)s, %(label)s, %(files)s::jsonb, %(by)s, %(reason)s)
    on conflict (sha256) do nothing
    returning catalogue_id
), logged as (
    insert into catalogue_log (catalogue_id, what, by, reason)
    select catalogue_id, 'stored', %(by)s, %(reason)s from made
)
select catalogue_id from made
union all
select catalogue_id from catalogue_version where sha256 = %(sha256)s
limit 1

-- one_at_a_time
select pg_advisory_xact_lock(hashtext('cityops.catalogue'))

-- retire
update catalogue_version set state = 'retired' where state = 'live' and catalogue_id <> %(catalogue_id)s

-- make_live
update catalogue_version set state = 'live' where catalogue_id = %(catalogue_id)s

-- log
insert into catalogue_log (catalogue_id, what, by, reason)
values (%(catalogue_id)s, %(what)s, %(by)s, %(reason)s)

-- history
select extract(epoch from l.at)::float8, l.catalogue_id, v.label, l.what, l.by, l.reason
from catalogue_log l join catalogue_version v using (catalogue_id)
order by l.log_id desc limit %(limit)s

-- scope_exists
select case %(scope_kind)s::text
    when 'home' then exists (select from home_named where home_id::text = %(scope)s)
    when 'bin' then exists (select from bin_site where bin_id = %(scope)s)
    when 'route' then exists (select from gritting_route where route_id = %(scope)s)
    when 'segment' then exists (select from road_segment where segment_id = %(scope)s)
    when 'device' then exists (select from device_named where name = %(scope)s and retired_at is null)
end

-- add_override
insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at)
values (%(rule_id)s, %(path)s, %(scope_kind)s, %(scope)s, %(value)s::jsonb, %(author)s, %(reason)s,
        coalesce(to_timestamp(%(starts_s)s::float8), (select max(event_time) from rule_cursor), now()),
        to_timestamp(%(expires_s)s))
returning override_id

-- withdraw
with given as (
    select coalesce(to_timestamp(%(at_s)s::float8), (select max(event_time) from rule_cursor), now()) as at
)
update rule_override
set withdrawn_at = greatest(given.at, starts_at), withdrawn_by = %(by)s
from given
where override_id = %(override_id)s and withdrawn_at is null and expires_at > given.at
returning override_id

-- overrides
-- A home is kept and shown by its number; the engine knows it by its code.
select o.override_id, o.rule_id, o.path, o.scope_kind, coalesce(h.code, o.scope), o.value, o.author, o.reason,
       extract(epoch from o.starts_at)::float8, extract(epoch from o.expires_at)::float8,
       extract(epoch from o.withdrawn_at)::float8, o.scope, extract(epoch from o.created_at)::float8,
       o.withdrawn_by, o.taken_at is not null
from rule_override o left join home_named h on o.scope_kind = 'home' and h.home_id::text = o.scope
order by o.override_id desc

-- take
update rule_override
set starts_at = case when taken_at is null then greatest(starts_at, to_timestamp(%(tick_s)s)) else starts_at end,
    taken_at = coalesce(taken_at, now()),
    withdrawn_at = case when withdrawn_at is not null and withdrawal_taken_at is null
                        then greatest(withdrawn_at, to_timestamp(%(tick_s)s)) else withdrawn_at end,
    withdrawal_taken_at = case when withdrawn_at is null then null else now() end
where (taken_at is null and expires_at > to_timestamp(%(tick_s)s))
   or (taken_at is not null and withdrawn_at is not null and withdrawal_taken_at is null)
