-- What the rules engine knows, decides and raises.

-- Where each rules service stands in receive order, moved with its effects.
create table rule_cursor (
    service    text primary key,
    xid        xid8 not null default '0',
    event_time timestamptz,           -- latest reading time seen
    updated_at timestamptz not null default now()
);

-- The engine's memory per rule and subject; opaque to everyone else.
create table rule_state (
    rule_id    text not null,
    subject    text not null,
    version    integer not null,
    state      jsonb not null,
    updated_at timestamptz not null default now(),
    primary key (rule_id, subject)
);

-- What is true now of a home, segment, route, bin or device: written by rules,
-- read by pages, API and dashboards.
create table subject_state (
    subject_kind text not null
                 check (subject_kind in ('home', 'segment', 'route', 'bin', 'device')),
    subject      text not null,
    at           timestamptz not null,
    state        jsonb not null,
    primary key (subject_kind, subject)
);

create table alarm (
    alarm_id        bigint generated always as identity primary key,
    rule_id         text not null,
    rule_version    integer not null,
    subject_kind    text not null,
    subject         text not null,
    severity        text not null check (severity in ('info', 'warning', 'major', 'critical')),
    raised_at       timestamptz not null,   -- event time
    cleared_at      timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    title           text not null,
    reason          text not null,
    inputs          jsonb not null default '{}',
    created_at      timestamptz not null default now()
);
create unique index alarm_active on alarm (rule_id, subject_kind, subject)
    where cleared_at is null;
create index alarm_raised on alarm (raised_at desc);

-- Decisions with the inputs they saw: a gritting decision per route, a collection
-- round per day.
create table decision (
    decision_id  bigint generated always as identity primary key,
    rule_id      text not null,
    rule_version integer not null,
    subject_kind text not null,
    subject      text not null,
    decided_at   timestamptz not null,      -- event time
    outcome      text not null,             -- treat | no_action | monitor | refer | collect
    reason       text not null,
    inputs       jsonb not null default '{}',
    result       jsonb not null default '{}',
    created_at   timestamptz not null default now()
);
create index decision_subject on decision (subject_kind, subject, decided_at desc);

-- Things that happened, found in the readings (a bin emptied, a road froze).
create table event (
    event_id     bigint generated always as identity primary key,
    kind         text not null,
    subject_kind text not null,
    subject      text not null,
    at           timestamptz not null,
    detail       jsonb not null default '{}',
    created_at   timestamptz not null default now()
);
create index event_subject on event (subject_kind, subject, at desc);
create index event_kind on event (kind, at desc);
