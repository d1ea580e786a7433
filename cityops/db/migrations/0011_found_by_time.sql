-- What is old is found without reading what is not: a transaction that deletes must be short.
create index notification_created on notification (created_at);
create index alarm_created on alarm (created_at);
create index event_created on event (created_at);
create index late_window_arrived on late_window (last_arrived);

-- A shadow and the live rules are compared by time.
create index alarm_cleared on alarm (cleared_at);
create index decision_decided on decision (decided_at);
create index decision_would_differ on decision (decision_id) where would_differ is not null;
create index alarm_would_differ on alarm (alarm_id) where would_differ is not null;
