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
-- Both sides at once, so that they are of one moment. No home is named, whatever it shares: homes are numbered here
-- by the hash of their secret code, only to tell them apart.
with side as (
    select 'live' as side, alarm_id, rule_id, subject_kind, subject, severity, raised_at, cleared_at, title, reason, flapping
    from public.alarm where not starts_with(rule_id, 'platform.') and rule_id <> 'winter.order_unanswered'
    union all
    select 'shadow', alarm_id, rule_id, subject_kind, subject, severity, raised_at, cleared_at, title, reason, flapping
    from shadow.alarm
), member as (
    select 'live' as side, alarm_id, kind, subject, joined_at from public.alarm_member
    union all
    select 'shadow', alarm_id, kind, subject, joined_at from shadow.alarm_member
), one as (
    select code, 'a home (' || row_number() over (order by md5(code)) || ' of ' || count(*) over () || ')' as name
    from (select subject as code from side where subject_kind = 'home'
          union select subject from member where kind = 'home') c
)
select a.side, a.rule_id, a.subject_kind, coalesce(o.name, a.subject) as subject,
       a.severity, extract(epoch from a.raised_at)::float8 as raised_s,
       case when a.cleared_at < %(until)s then extract(epoch from a.cleared_at)::float8 end as cleared_s,
       masked_title(a.subject_kind, a.title, h.home_id, h.code, h.label, '-infinity') as title,
       masked_reason(a.subject_kind, a.reason, h.home_id, h.code, h.label, '-infinity') as reason,
       coalesce((select array_agg(distinct n.name order by n.name) from member m
                 left join one o on m.kind = 'home' and o.code = m.subject
                 cross join lateral (select coalesce(o.name, m.subject) as name) n
                 where m.side = a.side and m.alarm_id = a.alarm_id and m.joined_at < %(until)s), '{}') as members,
       a.flapping
from side a
left join one o on a.subject_kind = 'home' and o.code = a.subject
left join home_named h on a.subject_kind = 'home' and h.code = a.subject
where a.raised_at < %(until)s and (a.cleared_at is null or a.cleared_at >= %(since)s)
order by a.raised_at, a.rule_id, a.subject

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
