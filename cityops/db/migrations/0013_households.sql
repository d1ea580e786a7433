-- Who lives in a home and when, who may see what of it, and who looked.
--
-- Rights, policies and views that make use of these are in routines/households.sql: until
-- they are there nobody but the owner sees a row of the tables that are locked here.

create table resident (
    resident_id uuid primary key default gen_random_uuid(),
    name        text not null check (length(name) between 1 and 40),
    created_at  timestamptz not null default now()
);

-- One row per stay. A reading belongs to a stay by the time at which it was measured.
create table household_member (
    member_id   uuid primary key default gen_random_uuid(),
    home_id     integer not null references home,
    resident_id uuid not null references resident,
    from_at     timestamptz not null,   -- '-infinity': since the frog came
    to_at       timestamptz,            -- null: lives there
    ended_at    timestamptz,            -- when somebody said so: until then it was the stay's home, whatever to_at is dated back to
    joined_at   timestamptz not null default now(),
    joined_by   text not null check (joined_by in ('label', 'invite')),
    check (to_at is null or to_at >= from_at)
);
create unique index household_member_now on household_member (resident_id, home_id) where to_at is null;
create index household_member_home on household_member (home_id, from_at);

-- From when what a frog measures is of the household that it stands at now: what it measured at another one stays there.
alter table home_device add column since timestamptz not null default '-infinity';
create table home_device_past (
    device_id integer not null references device on delete cascade,
    home_id   integer not null references home on delete cascade,
    since     timestamptz not null,
    until     timestamptz not null,
    primary key (device_id, until)
);
create index home_device_past_home on home_device_past (home_id);
create function home_device_moved() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        insert into home_device_past values (old.device_id, old.home_id, old.since, clock_timestamp());
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;
    new.since := coalesce((select max(until) from home_device_past p where p.device_id = new.device_id), '-infinity');
    return new;
end $$;
create trigger home_device_moved before update of home_id on home_device
    for each row when (old.home_id is distinct from new.home_id) execute function home_device_moved();
create trigger home_device_came before insert on home_device for each row execute function home_device_moved();
create trigger home_device_left before delete on home_device for each row execute function home_device_moved();

-- What is left of a code whatever way somebody types it; null where that is too little to be one.
create function join_code_hash(typed text) returns bytea language sql immutable parallel safe as $$
    select case when length(plain) >= 8 then sha256(convert_to(plain, 'UTF8')) end
      from (select translate(lower(regexp_replace(typed, '[^a-zA-Z0-9]', '', 'g')), 'oil', '011') as plain) t
$$;

-- The code itself is on the label under the frog, or in an invitation, and nowhere here.
create table join_code (
    join_code_id uuid primary key default gen_random_uuid(),
    home_id      integer not null references home,
    code_hash    bytea not null unique,
    kind         text not null check (kind in ('label', 'invite')),
    hint         text not null default '',   -- its last three characters, to tell labels apart
    strong       boolean not null,           -- 60 bits and more: nobody guesses it, so no limit applies to it
    member_from  timestamptz,                -- from when a stay counts; null: an invitation's when it is used, a label's as stay_from() says
    invited_by   uuid references resident on delete cascade,
    made_at      timestamptz not null default now(),
    expires_at   timestamptz,
    uses         integer check (uses > 0),   -- how often it opens; null: without limit
    used         integer not null default 0,
    revoked_at   timestamptz
);
create index join_code_home on join_code (home_id);
-- Who has the code that opened the page until now joins with it. New homes get theirs from `cityops registry load`.
insert into join_code (home_id, code_hash, kind, hint, strong)
select home_id, join_code_hash(code), 'label', right(code, 3), false
  from home where join_code_hash(code) is not null on conflict (code_hash) do nothing;

-- Wrong codes by network and hour: the network as a hash, for two days.
create table join_try (
    source bytea not null,
    hour   timestamptz not null,
    tries  integer not null,
    primary key (source, hour)
);

-- A browser that is signed in. Of its token only the hash is here.
create table resident_session (
    session_id  uuid primary key default gen_random_uuid(),
    resident_id uuid not null references resident on delete cascade,
    token_hash  bytea not null unique,
    old_hash    bytea unique,                -- the token before: until its successor was seen, and a minute longer
    old_until   timestamptz,
    made_at     timestamptz not null default now(),
    rotated_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    expires_at  timestamptz not null,
    revoked_at  timestamptz
);
create index resident_session_resident on resident_session (resident_id);

-- What a household shows to others. No row, no right: nobody has one by default, a landlord least of all.
create table consent (
    consent_id     uuid primary key default gen_random_uuid(),
    home_id        integer not null references home,
    device_id      integer references device,   -- a room's frog; null: all rooms
    statistic      text not null check (statistic in ('risk', 'daily', 'hourly', 'readings', 'diary')),
    recipient_kind text not null check (recipient_kind in ('council', 'landlord', 'program')),
    recipient      text not null check (length(recipient) between 1 and 80),
    from_at        timestamptz not null,        -- what was measured from here
    to_at          timestamptz,                 -- until here; null: until it is taken back
    given_by       uuid not null references resident,
    given_at       timestamptz not null default now(),
    revoked_at     timestamptz,
    revoked_by     uuid references resident,
    check (to_at is null or to_at > from_at)
);
create index consent_home on consent (home_id) where revoked_at is null;

-- Every look at a household by somebody who does not live there. Lines are added and, when they are old, dropped; never changed.
create table access_log (
    access_id bigint generated always as identity primary key,
    home_id   integer not null,     -- no reference: the log outlives the home
    at        timestamptz not null default now(),
    who       text not null check (length(who) between 1 and 120),
    role      text not null check (role in ('resident', 'housing', 'landlord', 'program', 'operations')),
    what      text not null check (length(what) between 1 and 200),
    purpose   text not null check (length(purpose) between 1 and 500)
);
create index access_log_home on access_log (home_id, at desc);
create function access_log_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at < now() - interval '1 year' then
        return old;
    end if;
    raise exception 'access_log is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger access_log_is_kept before update or delete on access_log
    for each row execute function access_log_is_kept();
create trigger access_log_is_whole before truncate on access_log
    for each statement execute function access_log_is_kept();

-- What was deleted for whom: counts and times, nothing of what it said.
create table erasure (
    erasure_id  uuid primary key default gen_random_uuid(),
    home_id     integer not null,
    asked_at    timestamptz not null default now(),
    why         text not null check (why in ('asked', 'moved out')),
    done_at     timestamptz,
    deleted     jsonb not null default '{}'   -- rows by what they were
);

-- Deny all: routines/households.sql says who sees which rows. Not forced: the owner is the ingester and
-- the rules, whose work is every home's; no resident's query runs as it.
alter table device enable row level security;
alter table home enable row level security;
alter table home_device enable row level security;
alter table home_device_past enable row level security;
alter table diary_entry enable row level security;
alter table resident enable row level security;
alter table household_member enable row level security;
alter table join_code enable row level security;
alter table join_try enable row level security;
alter table resident_session enable row level security;
alter table consent enable row level security;
alter table access_log enable row level security;
alter table erasure enable row level security;
