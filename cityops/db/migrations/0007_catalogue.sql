-- The catalogues that ran: an exact copy of each, so that every decision can be explained and
-- played again after an upgrade of the software.

create table catalogue_version (
    catalogue_id integer generated always as identity primary key,
    sha256       text not null unique,  -- of the files
    label        text not null,
    files        jsonb not null,        -- {"bins_full.toml": "id = ...", ...}
    state        text not null default 'stored' check (state in ('stored', 'shadow', 'live', 'retired')),
    created_at   timestamptz not null default now(),
    created_by   text not null,
    reason       text not null default ''
);
create unique index catalogue_version_in_use on catalogue_version (state) where state in ('live', 'shadow');

create table catalogue_log (
    log_id       bigint generated always as identity primary key,
    at           timestamptz not null default now(),
    catalogue_id integer not null references catalogue_version,
    what         text not null,
    by           text not null,
    reason       text not null default ''
);

-- A parameter that is another one for one device, bin, home, segment or route, for a time.
create table rule_override (
    override_id  bigint generated always as identity primary key,
    rule_id      text not null,
    path         text not null,          -- alarm.levels.0.raise_at
    scope_kind   text not null check (scope_kind in ('device', 'bin', 'home', 'segment', 'route')),
    scope        text not null,
    value        jsonb not null,
    author       text not null check (author <> ''),
    reason       text not null check (reason <> ''),
    starts_at    timestamptz not null,   -- event time
    expires_at   timestamptz not null,
    withdrawn_at timestamptz,            -- event time
    withdrawn_by text,
    taken_at     timestamptz,            -- when the rules began to know of it; null: they do not yet
    withdrawal_taken_at timestamptz,     -- and of its withdrawal
    created_at   timestamptz not null default now(),
    check (expires_at > starts_at)
);
create index rule_override_rule on rule_override (rule_id, starts_at);

-- The engine's memory from time to time, to begin a replay near the moment in question.
create table rule_checkpoint (
    service    text not null,
    event_time timestamptz not null,  -- of the latest reading that counts
    state      bytea not null,
    primary key (service, event_time)
);

alter table rule_cursor
    add column catalogue_id integer references catalogue_version,
    add column settled_at   timestamptz,  -- time of the latest reading that counts; event_time is the latest seen
    add column waiting_from xid8,         -- readings of batches after this one may still wait for older ones
    add column settle_xid   xid8;         -- asked for: once this batch is seen, nothing is to be waited for
alter table alarm add foreign key (catalogue_id) references catalogue_version;
alter table decision add column catalogue_id integer references catalogue_version;

-- Whatever the rules write in a transaction belongs to the catalogue that they name at its beginning.
alter table alarm alter column catalogue_id
    set default nullif(current_setting('cityops.catalogue_id', true), '')::integer;
alter table decision alter column catalogue_id
    set default nullif(current_setting('cityops.catalogue_id', true), '')::integer;
