-- put_late
insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived)
select scope_kind, scope, to_timestamp(from_s), to_timestamp(to_s), devices, readings, now(), now()
from jsonb_to_recordset(%(rows)s::jsonb) as x(
    scope_kind text, scope text, from_s float8, to_s float8, devices text[], readings integer)
on conflict (scope_kind, scope) where state = 'open' do update
set from_at = least(late_window.from_at, excluded.from_at), to_at = greatest(late_window.to_at, excluded.to_at),
    devices = (select array_agg(distinct d order by d) from unnest(late_window.devices || excluded.devices) as d),
    readings = late_window.readings + excluded.readings, last_arrived = excluded.last_arrived, checked_at = null

-- put_checkpoint
insert into rule_checkpoint (service, event_time, state)
values (%(service)s, to_timestamp(%(at_s)s), %(state)s) on conflict do nothing

-- drop_checkpoints
delete from rule_checkpoint where service = %(service)s and event_time < to_timestamp(%(before_s)s)
