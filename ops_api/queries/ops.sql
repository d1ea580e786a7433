-- wall_roads
-- One letter a stretch, in the order of their ids: what a map of thousands needs to know, in one row.
select coalesce(string_agg(case st.state ->> 'state' when 'dry' then 'd' when 'damp' then 'm' when 'wet' then 'w'
           when 'hoar' then 'h' when 'ice' then 'i' when 'snow' then 's' else 'u' end, '' order by s.segment_id), '') as codes
from road_segment s
left join subject_state st on st.subject_kind = 'segment' and st.subject = s.segment_id

-- wall_bins
select coalesce(string_agg(case st.state ->> 'state' when 'ok' then 'o' when 'full' then 'f' when 'overflowing' then 'v'
           else 'u' end, '' order by b.bin_id), '') as codes
from bin_site b
left join device d on d.device_id = b.device_id and not d.private
left join subject_state st on st.subject_kind = 'bin' and st.subject = b.bin_id and d.device_id is not null

-- wall_bin_sites
select bin_id, longitude_deg, latitude_deg from bin_site order by bin_id

-- wall_stands
-- Differs where what a map is drawn of does: stretches, bins and wards. A bin that is moved elsewhere counts by its place.
select p.stretches, p.print::text as print, b.bins, b.places, w.wards
from road_map_print p,
     (select count(*) as bins, coalesce(sum(hashtextextended(bin_id || longitude_deg || ' ' || latitude_deg, 0)), 0)::text as places from bin_site) b,
     (select count(*)::text || coalesce(sum(hashtextextended(ward_id || coalesce(boundary::text, ''), 0)), 0)::text as wards from ward) w

-- wall_alarm_places
-- Active alarms that have a place out of doors: of a bin, a stretch, a route or a kind (in the middle of its members, else of its stretches) or a device that stands in no home.
with active as (
    select alarm_id, rule_id, subject_kind, subject, severity, raised_at, acknowledged_at is not null as taken
    from alarm where cleared_at is null and subject_kind in ('bin', 'segment', 'route', 'kind', 'device')
), segment_at as (
    select s.segment_id, s.route_id, (a.longitude_deg + b.longitude_deg) / 2 as longitude_deg,
           (a.latitude_deg + b.latitude_deg) / 2 as latitude_deg
    from road_segment s join road_node a on a.node_id = s.from_node join road_node b on b.node_id = s.to_node
), found as (
    select x.*, b.longitude_deg, b.latitude_deg from active x join bin_site b on x.subject_kind = 'bin' and b.bin_id = x.subject
    union all
    select x.*, s.longitude_deg, s.latitude_deg from active x join segment_at s on x.subject_kind = 'segment' and s.segment_id = x.subject
    union all
    select x.*, coalesce(m.longitude_deg, r.longitude_deg), coalesce(m.latitude_deg, r.latitude_deg) from active x
    left join (select am.alarm_id, avg(longitude_deg) as longitude_deg, avg(latitude_deg) as latitude_deg
               from active join alarm_member am using (alarm_id) join segment_at s on am.kind = 'segment' and s.segment_id = am.subject
               where am.left_at is null group by am.alarm_id) m on m.alarm_id = x.alarm_id
    left join (select route_id, avg(longitude_deg) as longitude_deg, avg(latitude_deg) as latitude_deg from segment_at
               where route_id is not null group by route_id) r on x.subject_kind = 'route' and r.route_id = x.subject
    where x.subject_kind in ('route', 'kind') and coalesce(m.longitude_deg, r.longitude_deg) is not null
    union all
    select x.*, d.longitude_deg, d.latitude_deg from active x
    join device d on x.subject_kind = 'device' and d.name = x.subject and d.latitude_deg is not null and not is_private(d.device_id)
)
select alarm_id, rule_id, severity, taken, longitude_deg, latitude_deg from found
order by array_position(array['critical', 'major', 'warning', 'info'], severity), raised_at desc limit %(limit)s

-- wall_urgent
-- The most urgent active alarms of all, in the order of web/alarms_view.by_urgency; what is wrong in homes is on the tiles alone.
select alarm_id from alarm_shown where cleared_at is null and subject_kind <> 'home' and not in_home
order by case when shelved_until is not null or closed_at is not null then 2 when acknowledged_at is not null then 1 else 0 end,
         array_position(array['critical', 'major', 'warning', 'info'], severity), raised_at desc limit %(limit)s

-- wall_alarm_lines
-- What happened to alarms since a time, newest first; nothing of homes and of what stands in one. By number from behind: nothing
-- else finds the newest without reading all.
select l.at, l.what, l.detail ->> 'severity' as became, l.detail ->> 'before' as before, a.alarm_id, a.rule_id, a.title
from (select log_id, alarm_id, at, what, detail from alarm_log
      where log_id > (select coalesce(max(log_id), 0) - %(look)s from alarm_log)) l
join alarm a using (alarm_id)
where l.at >= %(since)s and l.what in ('raised', 'cleared', 'acknowledged', 'severity', 'closed')
  and a.subject_kind <> 'home' and not (a.subject_kind = 'device' and is_private(a.subject))
  and not exists (select from alarm_member m where m.alarm_id = a.alarm_id
                  and (m.kind = 'home' or (m.kind = 'device' and is_private(m.subject))))
order by l.at desc, l.log_id desc limit %(limit)s

-- wall_decisions
-- Decisions of routes and rounds since a time that differ from the one before, newest first.
select d.decision_id, d.rule_id, d.subject, d.decided_at as at, d.outcome, p.outcome as before, coalesce(r.label, d.subject) as label
from decision d
join lateral (
    select outcome from decision p
    where p.subject_kind = d.subject_kind and p.subject = d.subject and p.rule_id = d.rule_id
      and (p.decided_at, p.decision_id) < (d.decided_at, d.decision_id)
    order by p.decided_at desc, p.decision_id desc limit 1) p on p.outcome <> d.outcome
left join gritting_route r on r.route_id = d.subject
where d.decided_at >= %(since)s and d.subject_kind = 'route' and d.rule_id in ('winter.gritting', 'bins.collection')
order by d.decided_at desc, d.decision_id desc limit %(limit)s

-- wall_emptied
select e.at, e.subject as bin_id, b.label from event e join bin_site b on b.bin_id = e.subject
where e.kind = 'bin_emptied' and e.at >= %(since)s
  and not exists (select from event r where r.kind = 'bin_emptying_retracted' and r.subject = e.subject and r.at = e.at)
order by e.at desc, e.event_id desc limit %(limit)s

-- wall_treated
-- Routes whose lorry came to the end since a time.
select r.route_id, r.label, st.state ->> 'treated_to' as at from gritting_route r
join subject_state st on st.subject_kind = 'route' and st.subject = r.route_id
where st.state ->> 'status' = 'treated' and (st.state ->> 'treated_to')::timestamptz >= %(since)s

-- wall_acts
-- What officers answered to proposals since a time, newest first; not who.
select t.at, t.what, t.route_id, coalesce(r.label, t.route_id) as label from treatment_act t
left join gritting_route r using (route_id)
where t.at >= %(since)s order by t.act_id desc limit %(limit)s

-- wall_messages
-- Of the last hour: delivered, failed; and those that should have gone minutes ago.
select count(*) filter (where delivered_at >= %(now)s::timestamptz - interval '1 hour' or sent_at >= %(now)s::timestamptz - interval '1 hour') as sent,
       count(*) filter (where state in ('failed', 'expired') and created_at >= %(now)s::timestamptz - interval '1 hour') as failed,
       count(*) filter (where state in ('pending', 'sending') and coalesce(retry_at, not_before) < %(now)s::timestamptz - interval '5 minutes') as late
from notification_shown
where notification_id > (select coalesce(max(notification_id), 0) - 2000 from notification_shown)
