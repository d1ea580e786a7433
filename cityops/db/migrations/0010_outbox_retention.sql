-- Messages that are no news any more say why they were not sent; old rows go without dragging others along.

alter table notification add column suppressed_why text; -- of state suppressed

-- A message outlives the one that it went over from, and the one that said it with others.
alter table notification drop constraint notification_fallback_of_fkey;
alter table notification add constraint notification_fallback_of_fkey
    foreign key (fallback_of) references notification on delete set null;
alter table notification drop constraint notification_bundled_in_fkey;
alter table notification add constraint notification_bundled_in_fkey
    foreign key (bundled_in) references notification on delete set null;
create index notification_fallback on notification (fallback_of) where fallback_of is not null;
create index notification_bundle on notification (bundled_in) where bundled_in is not null;
create index notification_log on notification (log_id) where log_id is not null;

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
