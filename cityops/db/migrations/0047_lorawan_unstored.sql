-- What was lost on the air is told for every sensor at once (routines/health.sql), without what was set aside or waits: few
-- rows among those of a week. Measured with 2,000 sensors and 1.2 million events: 2.1 s without it, 0.24 s with it.

create index lorawan_inbox_unstored on lorawan_inbox (dev_eui, network_at) where state <> 'stored' and event_kind = 'uplink';
