-- Updates over the air (docs/adr/045): signed bundles, the keys they are signed with, and how they are rolled out in stages.
--
-- Bundles and keys come by `cityops fleet bundle`; roll-outs by people; what devices say by the fleet service (ingest/fleet).
-- Nothing here makes a device run anything: it holds the keys itself, and checks.

create table bundle_key (
    key_id     text primary key check (key_id ~ '^[0-9a-f]{16}$'),  -- the first 8 bytes of SHA-256 of the public key, in hex
    public_key bytea not null check (octet_length(public_key) = 32),
    use        text not null check (use in ('root', 'release')),
    label      text not null default '',
    added_by   text not null,
    added_at   timestamptz not null default now(),
    retired_at timestamptz
);

create table bundle (
    bundle_id    text primary key check (bundle_id ~ '^[0-9a-f]{64}$'),  -- SHA-256 of the file
    name         text not null,
    version      text not null,
    serial       bigint not null check (serial > 0),
    kinds        text[] not null,                    -- empty: every kind
    manifest     jsonb not null,
    bytes        bigint not null check (bytes > 0),
    key_id       text not null references bundle_key,
    made_at      timestamptz not null,
    expires_at   timestamptz not null,
    added_by     text not null,
    added_at     timestamptz not null default now(),
    withdrawn_at timestamptz,
    unique (name, serial),
    check (expires_at > made_at)
);
create table bundle_piece (
    bundle_id text not null references bundle on delete cascade,
    from_byte bigint not null check (from_byte >= 0),
    body      bytea not null,
    primary key (bundle_id, from_byte)
);
-- Compressed already: kept as it is, so that a part of it is read without the rest.
alter table bundle_piece alter column body set storage external;

create table rollout (
    rollout_id  bigint generated always as identity primary key,
    bundle_id   text not null references bundle,
    kinds       text[] not null default '{}',        -- empty: those of the bundle
    groups      text[] not null default '{}',        -- groups of devices; with devices empty: no choice but by kind
    devices     text[] not null default '{}',        -- names
    stages      jsonb not null check (jsonb_typeof(stages) = 'array' and jsonb_array_length(stages) between 1 and 20),
    limits      jsonb not null check (jsonb_typeof(limits) = 'object'),
    state       text not null default 'running' check (state in ('running', 'halted', 'finished', 'cancelled')),
    reason      text not null default '',            -- why it is halted or cancelled
    stage       smallint not null default 0 check (stage >= 0),
    stage_at    timestamptz not null default now(),  -- when this stage began
    created_by  text not null,
    created_at  timestamptz not null default now(),
    changed_at  timestamptz not null default now(),
    forgiven_at timestamptz                          -- resumed by a person: failures up to then no longer count
);
-- A device is in one of these at a time at most (ingest/fleet/updates).
create index rollout_open on rollout (rollout_id) where state in ('running', 'halted');

create table rollout_device (
    rollout_id bigint not null references rollout on delete cascade,
    device_id  integer not null references device on delete cascade,
    state      text not null check (state in ('offered', 'fetching', 'staged', 'trying', 'confirmed', 'failed', 'passed')),
    stage      smallint not null check (stage >= 0),
    attempt    smallint not null default 1 check (attempt > 0),
    reason     text not null default '',
    bytes_held bigint not null default 0,
    offered_at timestamptz not null,
    answered_at timestamptz,                         -- the first word from it about this attempt
    changed_at timestamptz not null,
    primary key (rollout_id, device_id)
);
create index rollout_device_device on rollout_device (device_id);

-- What a device last said it runs.
create table device_update (
    device_id integer primary key references device on delete cascade,
    serial    bigint not null default 0,
    version   text not null default '',
    bundle_id text not null default '',
    phase     text not null default 'idle',
    said_at   timestamptz not null
) with (fillfactor = 50);

-- Kept at what it runs, whatever is rolled out.
create table update_pin (
    device_id integer primary key references device on delete cascade,
    reason    text not null,
    pinned_by text not null,
    pinned_at timestamptz not null default now()
);

create table rollout_event (
    rollout_event_id bigint generated always as identity primary key,
    rollout_id bigint not null,
    at         timestamptz not null default now(),
    what       text not null check (what in ('started', 'stage', 'halted', 'resumed', 'cancelled', 'finished', 'pinned', 'unpinned', 'device')),
    device     text not null default '',
    "by"       text not null,
    via        text not null check (via in ('cli', 'web', 'rest', 'service')),
    detail     jsonb not null default '{}'
);
create index rollout_event_rollout on rollout_event (rollout_id, rollout_event_id);
create function rollout_event_stays() returns trigger language plpgsql as $$
begin
    raise exception 'rollout_event is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger rollout_event_stays before update or delete on rollout_event for each row execute function rollout_event_stays();
create trigger rollout_event_stays_whole before truncate on rollout_event for each statement execute function rollout_event_stays();
