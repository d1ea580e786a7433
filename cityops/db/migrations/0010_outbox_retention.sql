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
