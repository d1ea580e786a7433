-- lock
-- One writes at a time: acts are numbered and chained in the order in which they are committed.
select pg_advisory_xact_lock(hashtext('cityops.collection_acts'))

-- acts
select act_id, ref, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, seen, lorry, plan_version,
       withdraws, request_id, reference, link, extract(epoch from recorded_at)::float8 as recorded_s
from collection_act
where (%(request_id)s::text is null or request_id = %(request_id)s)
  and (%(reference)s::text is null or reference = %(reference)s)
order by act_id

-- of_ref
select act_id, ref, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, seen, lorry, plan_version,
       withdraws, request_id, reference, link, extract(epoch from recorded_at)::float8 as recorded_s
from collection_act a
where ref = %(ref)s and at >= to_timestamp(%(from_s)s) and at < to_timestamp(%(to_s)s) and withdraws is null
  and not exists (select from collection_act w where w.ref = a.ref and w.withdraws = a.act_id)
order by act_id

-- of_lorries
select act_id, ref, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, seen, lorry, plan_version,
       withdraws, request_id, reference, link, extract(epoch from recorded_at)::float8 as recorded_s
from collection_act a
where what between 1 and 4 and at >= to_timestamp(%(from_s)s) and at < to_timestamp(%(to_s)s)
  and not exists (select from collection_act w where w.ref = a.ref and w.withdraws = a.act_id)
order by act_id

-- missed
-- Reports of missed collections since a time, with all that was said of those households since then.
select act_id, ref, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, seen, lorry, plan_version,
       withdraws, request_id, reference, link, extract(epoch from recorded_at)::float8 as recorded_s
from collection_act
where at >= to_timestamp(%(since_s)s)
  and ref in (select ref from collection_act where what = 9 and at >= to_timestamp(%(since_s)s))
order by act_id

-- newest
select act_id, ref, what, extract(epoch from at)::float8 as at_s, by, role, via, reason, seen, lorry, plan_version,
       withdraws, request_id, reference, link, extract(epoch from recorded_at)::float8 as recorded_s
from collection_act where what = %(what)s order by act_id desc limit %(limit)s

-- last
select act_id, link from collection_act order by act_id desc limit 1

-- bin
-- What is known of a bin when something is said of it.
select jsonb_build_object('label', b.label, 'at', s.at, 'fill_pct', s.state -> 'fill_pct', 'state', s.state -> 'state')::text as seen
from bin_site b left join subject_state s on s.subject_kind = 'bin' and s.subject = b.bin_id
where b.bin_id = %(bin_id)s

-- is_of
select exists (select from collection_act where act_id = %(act_id)s and ref = %(ref)s) as found

-- event_time
select extract(epoch from event_time)::float8 as at_s from rule_cursor where service = 'rules'

-- add_batch
-- The rules follow batches in commit order: an act is one more. Its time of receipt is its own alone.
insert into ingest_batch (received_at, kinds)
values (%(received_at)s, jsonb_build_object('collection', jsonb_build_object(
    'rows', 1, 'min_ts', to_timestamp(%(counts_s)s), 'max_ts', to_timestamp(%(counts_s)s))))
on conflict (received_at) do nothing
returning batch_id, pg_notify('cityops_batch', batch_id::text)

-- add_act
insert into collection_act (act_id, ref, what, at, by, role, via, reason, seen, lorry, plan_version, withdraws, request_id,
                            reference, link, recorded_at, received_at, counts_at)
values (%(act_id)s, %(ref)s, %(what)s, to_timestamp(%(at_s)s), %(by)s, %(role)s, %(via)s, %(reason)s, %(seen)s::jsonb,
        %(lorry)s, %(plan_version)s, %(withdraws)s, %(request_id)s, %(reference)s, %(link)s, clock_timestamp(),
        %(received_at)s, to_timestamp(%(counts_s)s))
returning extract(epoch from recorded_at)::float8 as recorded_s

-- tell_listeners
select pg_notify('cityops_rules', %(payload)s)
