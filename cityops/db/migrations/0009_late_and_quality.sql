-- Decisions that say what they did not know, and work on devices that are not well.

alter table decision
    add column expected        integer,  -- readings that should have informed it
    add column missing         integer,  -- those of them that had not come
    add column missing_devices text[],
    add column would_change    jsonb,
    add column would_differ    jsonb;    -- what late readings would have changed; the decision itself stands

-- Spans of event time in which readings came too late; looked at again when they have rested.
create table late_window (
    late_window_id bigint generated always as identity primary key,
    scope_kind     text not null,
    scope          text not null,
    from_at        timestamptz not null,
    to_at          timestamptz not null,
    devices        text[] not null,
    readings       integer not null,
    first_arrived  timestamptz not null,
    last_arrived   timestamptz not null,
    state          text not null default 'open' check (state in ('open', 'same', 'differs', 'too_late')),
    checked_at     timestamptz,  -- looked at, but what follows may still rest on the readings
    result         jsonb
);
create unique index late_window_open on late_window (scope_kind, scope) where state = 'open';

-- A device that needs a look: for maintenance, not for the duty officer.
create table work_item (
    work_item_id bigint generated always as identity primary key,
    rule_id      text not null,
    rule_version integer not null,
    catalogue_id integer references catalogue_version
        default nullif(current_setting('cityops.catalogue_id', true), '')::integer,  -- as in 0007
    device       text not null,
    opened_at    timestamptz not null,  -- event time
    gone_at      timestamptz,           -- the condition no longer holds
    done_at      timestamptz,
    done_by      text,
    assignee     text,
    due_at       timestamptz,
    title        text not null,
    reason       text not null,
    inputs       jsonb not null default '{}'
);
create unique index work_item_open on work_item (rule_id, device) where done_at is null;

create table work_item_log (
    entry_id     bigint generated always as identity primary key,
    work_item_id bigint not null references work_item,
    at           timestamptz not null default now(),
    by           text not null,
    via          text not null default '',
    what         text not null,
    detail       jsonb not null default '{}'
);
create index work_item_log_item on work_item_log (work_item_id, entry_id);
