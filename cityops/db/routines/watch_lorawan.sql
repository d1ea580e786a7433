-- What a dashboard may know of LoRaWAN: counts by server. After reader.sql, which makes the role and the schema anew.

create view board.lorawan as
select s.name, s.protocol, s.transport, s.enabled, s.last_seen_at, s.received, s.duplicates, s.refused, s.connection,
       (select count(*) from public.lorawan_inbox i where i.source_id = s.source_id and i.state = 'waiting') as waiting,
       (select count(*) from public.lorawan_inbox i where i.source_id = s.source_id and i.state = 'dead') as dead,
       (select count(*) from public.lorawan_device d where d.source_id = s.source_id) as sensors,
       (select count(*) from public.lorawan_device d where d.source_id = s.source_id and not exists (
               select from public.lorawan_binding b where b.dev_eui = d.dev_eui and b.unbound_at is null)) as unknown_sensors
  from public.lorawan_source s;
grant select on board.lorawan to cityops_reader;
