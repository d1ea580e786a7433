-- Alarms as people work on them: severity that steps, members, who has it in hand, and a log.

alter table alarm
    add column catalogue_id          integer,                -- the catalogue that raised it
    add column is_group              boolean not null default false,
    add column flapping              boolean not null default false,
    add column held_since            timestamptz,            -- since when the condition holds
    add column would_change          jsonb,                  -- what would have made it otherwise
    add column would_differ          jsonb,                  -- what late readings would have changed
    add column assignee              text,
    add column acknowledged_severity text check (acknowledged_severity in ('info', 'warning', 'major', 'critical')),
    add column shelved_until         timestamptz,
    add column closed_at             timestamptz,
    add column closed_by             text,
    add column verdict               text check (verdict in ('true', 'false_alarm', 'test')),
    add column escalation_step       smallint not null default 0,
    add column told                  text[] not null default '{}'; -- who was told, as in an escalation step
update alarm set acknowledged_severity = severity where acknowledged_at is not null;

alter table subject_state drop constraint subject_state_subject_kind_check;
alter table subject_state add constraint subject_state_subject_kind_check
    check (subject_kind in ('home', 'segment', 'route', 'bin', 'device', 'kind', 'town'));

-- Who is in a group alarm, since when; left_at is null while it is in.
create table alarm_member (
    alarm_id  bigint not null references alarm,
    kind      text not null,
    subject   text not null,
    severity  text not null check (severity in ('info', 'warning', 'major', 'critical')),
    joined_at timestamptz not null,
    left_at   timestamptz,
    reason    text not null default '',
    inputs    jsonb not null default '{}',
    primary key (alarm_id, kind, subject, joined_at)
);

-- Everything that ever happened to an alarm, appended only: the audit trail, and at the
-- same time what the engine and people hand over to the desk, which plans what follows
-- (planned_at is null: not yet). Whoever writes here locks the alarm's row first, so that
-- log_id is the true order of one alarm's entries.
create table alarm_log (
    log_id     bigint generated always as identity primary key,
    alarm_id   bigint not null references alarm,
    at         timestamptz not null,               -- event time of the engine, else the town's time
    created_at timestamptz not null default now(),
    actor      text not null check (actor in ('engine', 'desk', 'person', 'channel')),
    by         text not null default '',
    via        text not null default '',           -- web | api | cli, of a person
    what       text not null,
    detail     jsonb not null default '{}',
    request_id text,                               -- of a command that may be sent twice
    planned_at timestamptz,
    unique (alarm_id, request_id)
);
create index alarm_log_alarm on alarm_log (alarm_id, log_id);
create index alarm_log_unplanned on alarm_log (log_id) where planned_at is null;

-- What the desk is to do later: a row fires once, deleted in the transaction that acts on it.
create table alarm_timer (
    alarm_id bigint not null references alarm,
    name     text not null,
    due_at   timestamptz not null,
    primary key (alarm_id, name)
);
create index alarm_timer_due on alarm_timer (due_at);

-- The past is planned already: an upgrade wakes nobody.
insert into alarm_log (alarm_id, at, created_at, actor, what, detail, planned_at)
select alarm_id, raised_at, created_at, 'engine', 'raised',
       jsonb_build_object('severity', severity, 'reason', reason), now()
  from alarm order by alarm_id;
insert into alarm_log (alarm_id, at, created_at, actor, by, what, planned_at)
select alarm_id, acknowledged_at, acknowledged_at, 'person', coalesce(acknowledged_by, ''), 'acknowledged', now()
  from alarm where acknowledged_at is not null order by alarm_id;
insert into alarm_log (alarm_id, at, actor, what, detail, planned_at)
select alarm_id, cleared_at, 'engine', 'cleared', jsonb_build_object('reason', inputs -> 'cleared'), now()
  from alarm where cleared_at is not null order by alarm_id;

-- What the watch over the platform itself remembers: how far each of its conditions is.
create table watch_memory (
    one    boolean primary key default true check (one),
    memory jsonb not null
);
