-- Households' collection days, what is reported of bins and collections, and who is reminded.

create table bin_round (
    round_id text primary key check (round_id ~ '^[a-z0-9][a-z0-9-]{0,39}$'),
    label    text not null check (label <> ''),
    lorries  text[] not null default '{}',          -- devices that drive it; none: any may
    ends_min smallint not null check (ends_min between 0 and 1439), -- local: before it nothing is missed yet
    services jsonb not null,                        -- rules/core/bin_days/model.py: Service
    made_at  timestamptz not null                   -- when it was first published
);

-- What people hold as calendars has been told of these: their sequence only grows.
create table bin_revision (
    round_id   text not null references bin_round on delete cascade,
    stream     text not null,
    original   date not null,
    day        date,                                -- null: cancelled
    reason     text not null,
    sequence   integer not null check (sequence > 0),
    service    jsonb not null,
    changed_at timestamptz not null,
    primary key (round_id, stream, original)
);

create table bin_change (
    change_id bigint generated always as identity primary key,
    day       date not null,
    to_day    date check (abs(to_day - day) <= 31), -- null: not collected
    reason    text not null check (reason <> ''),
    round_id  text references bin_round on delete cascade,
    stream    text
);
create unique index bin_change_once on bin_change (day, coalesce(round_id, ''), coalesce(stream, ''));

-- Where, never who: an address as the council writes it, with no postcode file behind it.
create table premises (
    uprn          bigint primary key check (uprn between 1 and 999999999999),
    address       text not null check (address <> ''),
    words         text[] not null,                  -- rules/core/bin_days/search.py
    rounds        text[] not null,
    latitude_deg  double precision check (latitude_deg between -90 and 90),
    longitude_deg double precision check (longitude_deg between -180 and 180),
    check ((latitude_deg is null) = (longitude_deg is null))
);
create index premises_words on premises using gin (words);

-- What crews and residents said of bins and collections.
create table collection_act (
    act_id       bigint primary key,                -- without gaps: given under a lock, in the order of the chain
    ref          text not null check (ref ~ '^(bin:\S{1,100}|uprn:[1-9][0-9]{0,11})$'),
    what         smallint not null check (what between 1 and 9), -- rules/core/collection_acts/record.py
    at           timestamptz not null,              -- the town's time
    by           text not null check (by <> ''),
    role         text not null,
    via          text not null,
    reason       text not null default '',
    seen         jsonb not null,
    lorry        text,
    plan_version bigint,
    withdraws    bigint references collection_act,
    request_id   text unique,
    reference    text unique,                       -- what a resident looks it up by
    link         text not null unique,              -- hash over the link before it and the act
    recorded_at  timestamptz not null,
    received_at  timestamptz unique,                -- the batch that brings it to the engine; null: it need not know
    counts_at    timestamptz,                       -- the event time as of which the engine takes it
    check ((what = 8) = (withdraws is not null)),
    check (what <> 9 or ref like 'uprn:%'),
    check ((received_at is null) = (counts_at is null))
);
create index collection_act_ref on collection_act (ref, at);
create index collection_act_counts on collection_act (counts_at) where counts_at is not null;
create index collection_act_missed on collection_act (at) where what = 9;

-- Appended only, also for whoever owns the table.
create function collection_act_stays() returns trigger language plpgsql as $$
begin
    raise exception 'collection_act is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger collection_act_stays before update or delete on collection_act
    for each row execute function collection_act_stays();
create trigger collection_act_stays_whole before truncate on collection_act
    for each statement execute function collection_act_stays();

-- Who is reminded: the outbox names it bin-reminder:<reminder_id>, and looks the address up here. No name, and gone
-- at the first word of whoever has its code.
create table bin_reminder (
    reminder_id  bigint generated always as identity primary key,
    uprn         bigint not null references premises on delete cascade,
    channel      text not null,
    address      text not null check (address <> ''),
    evening      boolean not null,
    morning      boolean not null,
    code         text not null unique,
    asked_at     timestamptz not null,
    confirmed_at timestamptz,
    check (evening or morning),
    unique (uprn, channel, address)
);
create index bin_reminder_waiting on bin_reminder (asked_at) where confirmed_at is null;
