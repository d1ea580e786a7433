-- Where the devices of `bench boards` stand: homes in wards, routes of road segments, bins in streams.

insert into ward (ward_id, label) select 'w' || i, 'Ward ' || i from generate_series(1, 20) i;

-- Five boxes in seven are a home's only one.
insert into home (code, label, ward_id)
select 'bench-' || i, 'Home ' || i, 'w' || (1 + i % 20)
  from generate_series(1, (select 6 * count(*) / 7 from device where kind = 'frog')) i;
insert into home_device (device_id, home_id, room)
select f.device_id, h.home_id, 'room ' || f.n / h.homes
  from (select device_id, row_number() over (order by device_id) - 1 as n from device where kind = 'frog') f
  join (select home_id, row_number() over (order by home_id) - 1 as n, count(*) over () as homes from home) h on h.n = f.n % h.homes;

insert into road_node select i, 51.40 + i % 70 * 0.0015, -2.65 + i / 70 * 0.0015
  from generate_series(0, (select 8 * count(*) from device where kind = 'road')) i;
insert into depot values ('depot', 'Depot', 0, 5000);
insert into gritting_route (route_id, label, depot_id, priority)
select 'r' || to_char(i, 'FM000'), 'Route ' || i, 'depot', 1 + i % 3
  from generate_series(0, greatest(1, (select count(*) from device where kind = 'gritter') - 1)) i;

-- Eight stretches to a sensor.
insert into road_segment (segment_id, street, road_class, from_node, to_node, length_m, width_m, bridge, route_id, device_id, geometry)
select 's' || i, 'Street ' || i / 8, 'B', i - 1, i, 250, 7, i % 40 = 0,
       'r' || to_char(i % r.routes, 'FM000'), d.device_id,
       (select jsonb_agg(jsonb_build_array(-2.65 + i / 70 * 0.0015 + p * 0.0002, 51.40 + i % 70 * 0.0015)) from generate_series(0, 4) p)
  from (select 8 * count(*) as n from device where kind = 'road') k cross join generate_series(1, k.n) i
 cross join (select count(*) as routes from gritting_route) r
  left join (select device_id, row_number() over (order by device_id) as n from device where kind = 'road') d on d.n * 8 = i;

insert into bin_site (bin_id, device_id, label, street, latitude_deg, longitude_deg, stream, empty_distance_mm, full_distance_mm, capacity_l)
select 'b' || to_char(row_number() over (order by device_id), 'FM00000'), device_id, label, 'Street ' || device_id % 400, latitude_deg,
       longitude_deg, (array['litter', 'litter', 'recycling', 'dog'])[1 + device_id % 4], 1000, 200, 240
  from device where kind = 'bin';
