-- incident_roads
-- Stretches of road within a box, as lines, the main roads first: what the map of an incident is drawn on.
select s.segment_id, s.street, s.road_class, s.route_id,
       case when jsonb_array_length(s.geometry) > 1 then s.geometry
            else jsonb_build_array(jsonb_build_array(f.longitude_deg, f.latitude_deg), jsonb_build_array(t.longitude_deg, t.latitude_deg))
       end as line
  from road_segment s join road_node f on f.node_id = s.from_node join road_node t on t.node_id = s.to_node
 where least(f.latitude_deg, t.latitude_deg) <= %(north)s and greatest(f.latitude_deg, t.latitude_deg) >= %(south)s
   and least(f.longitude_deg, t.longitude_deg) <= %(east)s and greatest(f.longitude_deg, t.longitude_deg) >= %(west)s
 order by s.road_class, s.segment_id limit 2000

-- incident_thing
-- Where a bin or a device is that goes by a name; none that is or was in a home.
select latitude_deg, longitude_deg, street from bin_site where lower(bin_id) = lower(%(name)s) or lower(label) = lower(%(name)s)
union all
select d.latitude_deg, d.longitude_deg, coalesce(s.street, '') from device d
  left join lateral (select street from road_segment x where x.device_id = d.device_id limit 1) s on true
 where lower(d.name) = lower(%(name)s) and d.latitude_deg is not null and not is_private(d.device_id)
 limit 10

-- incident_day
-- The plan of bin lorries and the gritting routes that an incident's signals are on.
select (select max(version) from round_plan where day = %(day)s::date) as plan_version,
       coalesce((select jsonb_agg(jsonb_build_object('route_id', r.route_id, 'label', r.label) order by r.route_id)
                   from gritting_route r where r.route_id in (
                        select x.route_id from road_segment x where x.segment_id = any (%(segments)s))), '[]') as routes

-- incidents_version
-- Changes with every act of an incident, and with what people do with alarms; all else that pages of incidents tell waits for
-- the next time that they are made anyway.
select (select max(act_id) from incident_act) as act,
       (select max(log_id) from (select log_id, actor from alarm_log_head order by log_id desc limit 200) newest
         where actor = 'person') as line
