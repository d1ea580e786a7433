-- shadow_chosen
select v.catalogue_id, v.label, l.log_id as start_id, l.at as since, l.by, l.reason
from catalogue_version v
cross join lateral (
    select * from catalogue_log where catalogue_id = v.catalogue_id and what = 'shadow'
    order by log_id desc limit 1) l
where v.state = 'shadow'

-- shadow_there
select to_regclass('shadow.run') is not null as there

-- shadow_run
select r.start_id, r.began_at, r.from_at, r.paused_at, r.error, c.settled_at, live.settled_at as live_settled_at,
       (select count(*) from ingest_batch where xid > coalesce(c.xid, '0')) as batches_behind
from shadow.run r
left join shadow.rule_cursor c on c.service = 'shadow'
left join public.rule_cursor live on live.service = 'rules'

-- shadow_alarms
-- Both sides at once, homes numbered only to tell them apart (routines/shown.sql).
select * from shadow.alarms_shown(%(since)s::timestamptz, %(until)s::timestamptz)

-- shadow_decisions
with side as (
    select 'live' as side, decision_id, rule_id, subject_kind, subject, decided_at, outcome, reason, result
    from public.decision
    union all
    select 'shadow', decision_id, rule_id, subject_kind, subject, decided_at, outcome, reason, result
    from shadow.decision
)
select side, rule_id, subject_kind, subject, extract(epoch from decided_at)::float8 as at_s, outcome, reason,
       result #- '{drive,geometry}' as result
from side
where decided_at >= %(since)s and decided_at < %(until)s
order by decided_at, decision_id

-- shadow_names
select segment_id as id, street as name, width_m from road_segment
union all
select route_id, label, null from gritting_route
