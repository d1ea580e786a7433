-- What the ingester writes beside the reading tables (those come from the kinds:
-- ingest.core.ddl).

-- The sequence ledger: which sequence numbers of a device's boot are stored. It is
-- the duplicate check, the gap list and the receipt in one.
create table device_sequence (
    device_id integer not null references device,
    boot      bigint not null,
    received  int8multirange not null default '{}',
    primary key (device_id, boot)
) with (fillfactor = 50);

-- One row per committed batch. received_at identifies the batch's readings in the
-- reading tables (unique here, the same on each of its rows there). xid lets a
-- consumer read in commit order without missing a slower transaction.
create table ingest_batch (
    batch_id     bigint generated always as identity primary key,
    received_at  timestamptz not null unique,
    xid          xid8 not null default pg_current_xact_id(),
    shard        smallint,
    readings     integer not null default 0,
    duplicates   integer not null default 0,
    dead_letters integer not null default 0,
    -- {"frog": {"rows": 12, "min_ts": "...", "max_ts": "..."}, ...}
    kinds        jsonb not null default '{}'
);
create index ingest_batch_xid on ingest_batch (xid, batch_id);

create table dead_letter (
    dead_letter_id bigint generated always as identity primary key,
    received_at    timestamptz not null,
    topic          text not null,
    device         text,          -- as the topic names it; may be unknown
    kind           text,
    reason_code    text not null, -- closed set: ingest.core.reasons
    reason         text not null, -- for a person
    field          text,
    boot           bigint,
    seq            bigint,
    payload        bytea not null,
    payload_bytes  integer not null, -- before truncation
    replayed_at    timestamptz
);
create index dead_letter_received on dead_letter (received_at desc);
create index dead_letter_device on dead_letter (device, received_at desc);

-- Diary entries and other things people and devices report, in one line each.
create table diary_entry (
    diary_entry_id bigint generated always as identity primary key,
    home_id        integer not null references home,
    at             timestamptz not null,
    activity       text not null
                   check (activity in ('shower', 'cooking', 'washing', 'window', 'heating', 'other')),
    note           text not null default '',
    source         text not null default 'web',
    created_at     timestamptz not null default now()
);
create index diary_entry_home on diary_entry (home_id, at desc);
