-- open_decisions
-- What was proposed for routes since a time, with what an officer answered last; nobody is named.
select d.decision_id, d.subject as route_id, d.decided_at, d.outcome, d.reason, d.rule_id, d.rule_version,
       d.result ->> 'spread_rate_g_m2' as spread_rate_g_m2, a.what as answer
from decision d
left join lateral (select what from treatment_act x where x.ref = 'P' || d.decision_id order by x.act_id desc limit 1) a on true
where d.rule_id = 'winter.gritting' and d.subject_kind = 'route' and d.decided_at >= %(since)s
order by d.decision_id desc limit %(limit)s

-- open_treatments
-- Passes of gritters since a time, but for those that a late report took back.
select p.pass_id, p.segment_id, s.street, p.at, p.g_m2, p.low, p.high, s.geometry,
       a.longitude_deg as from_longitude_deg, a.latitude_deg as from_latitude_deg,
       b.longitude_deg as to_longitude_deg, b.latitude_deg as to_latitude_deg
from treatment_pass p
join road_segment s using (segment_id)
join road_node a on a.node_id = s.from_node
join road_node b on b.node_id = s.to_node
where p.what = 'driven' and p.at >= %(since)s and not exists (
      select from treatment_pass t
      where t.what = 'taken_back' and t.segment_id = p.segment_id and t.lorry = p.lorry and t.at = p.at)
order by p.pass_id desc limit %(limit)s
