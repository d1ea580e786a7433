-- What a dashboard may know of LoRaWAN: counts by server, and of sensors in no home their battery as
-- the server was told (DevStatusAns) and the frames lost on the air. After reader.sql, which makes the role and the schema anew.

create view board.lorawan as
select s.name, s.protocol, s.transport, s.enabled, s.last_seen_at, s.received, s.duplicates, s.refused, s.connection,
       (select count(*) from public.lorawan_inbox i where i.source_id = s.source_id and i.state = 'waiting') as waiting,
       (select count(*) from public.lorawan_inbox i where i.source_id = s.source_id and i.state = 'dead') as dead,
       (select count(*) from public.lorawan_device d where d.source_id = s.source_id) as sensors,
       (select count(*) from public.lorawan_device d where d.source_id = s.source_id and not exists (
               select from public.lorawan_binding b where b.dev_eui = d.dev_eui and b.unbound_at is null)) as unknown_sensors
  from public.lorawan_source s;
create view board.lorawan_sensor with (security_barrier) as
select d.name, d.label, d.kind, h.last_seen_at, h.battery_pct, h.external_power, h.status_at, h.rssi_dbm, h.snr_db,
       coalesce(l.received, 0) as frames, coalesce(l.lost, 0) as lost
  from public.lorawan_binding b
  join public.device d on d.device_id = b.device_id and d.retired_at is null
  join public.lorawan_device h on h.dev_eui = b.dev_eui
  left join health.ledger l on l.device_id = b.device_id
 where b.unbound_at is null and not exists (select from public.private_device p where p.device_id = b.device_id);
grant select on board.lorawan, board.lorawan_sensor to cityops_reader;
