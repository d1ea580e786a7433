-- segments
select s.segment_id, s.street, s.road_class, s.from_node, s.to_node, s.length_m, s.width_m, s.bridge,
       s.bus_route, s.route_id, s.geometry,
       a.longitude_deg as from_longitude_deg, a.latitude_deg as from_latitude_deg,
       b.longitude_deg as to_longitude_deg, b.latitude_deg as to_latitude_deg,
       st.at, st.state
from road_segment s
join road_node a on a.node_id = s.from_node
join road_node b on b.node_id = s.to_node
left join subject_state st on st.subject_kind = 'segment' and st.subject = s.segment_id
where (%(route_id)s::text is null or s.route_id = %(route_id)s)
order by s.segment_id

-- depots
select d.depot_id, d.label, d.salt_t, n.longitude_deg, n.latitude_deg
from depot d join road_node n using (node_id) order by d.depot_id

-- routes
select r.route_id, r.label, r.priority, r.depot_id, d.label as depot,
       n.segments, n.length_km, st.at, st.state
from gritting_route r
join depot d using (depot_id)
left join (
    select route_id, count(*) as segments, sum(length_m) / 1000 as length_km
    from road_segment where route_id is not null group by route_id
) n using (route_id)
left join subject_state st on st.subject_kind = 'route' and st.subject = r.route_id
where (%(route_id)s::text is null or r.route_id = %(route_id)s)
order by r.priority, r.route_id

-- decisions
select decision_id, rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result,
       created_at
from decision
where subject_kind = %(subject_kind)s and subject = %(subject)s
  and (%(before)s::bigint is null or decision_id < %(before)s)
order by decided_at desc, decision_id desc limit %(limit)s
