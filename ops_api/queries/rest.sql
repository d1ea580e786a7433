-- batches_newest
select coalesce(max(batch_id), 0) as number from ingest_batch

-- batches_after
-- With the snapshot they are of: which transactions may still write a batch before one of them.
select coalesce((select jsonb_agg(jsonb_build_array(b.batch_id, b.received_at, b.kinds -> %(kind)s) order by b.batch_id) from (
           select batch_id, received_at, kinds from ingest_batch
            where batch_id > %(after)s order by batch_id limit %(limit)s) b), '[]') as lines,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_open,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid

-- open_devices
-- Devices of a kind whose readings everybody may have, retired ones too: what they measured stays. Null: all names.
select d.device_id, d.name, d.latitude_deg, d.longitude_deg, d.cadence_s, d.installed_at, d.retired_at
from device d
where d.kind = %(kind)s and not d.private and (%(names)s::text[] is null or d.name = any(%(names)s))
order by d.name
