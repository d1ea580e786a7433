-- Damp in homes: days, moisture events and findings, worked out from readings and worked out again when readings come late.

-- How many live in a home may not be known. 2 was what a registry that does not say made: it is not known until it is loaded again.
alter table home alter column occupants drop default, alter column occupants drop not null;
update home set occupants = null where occupants = 2;

-- Offsets of sensors, with dates. Applied when readings are read: raw rows are never rewritten.
create table calibration (
    calibration_id bigint generated always as identity primary key,
    device_id      integer not null references device,
    field          text not null check (field in ('temperature_c', 'humidity_pct', 'wall_temperature_c')),
    value_offset   double precision not null, -- added to what was read, in the field's unit
    keeps_vapour   boolean not null default false, -- the box warms itself: its vapour pressure is right, temperature and humidity are not
    from_at        timestamptz not null,
    to_at          timestamptz check (to_at > from_at),
    how            text not null check (how in ('side_by_side', 'salt', 'reference', 'self_heating', 'other')),
    by             text not null,
    evidence       text not null default '',
    created_at     timestamptz not null default now(),
    withdrawn_at   timestamptz, -- no longer applied; the line stays
    withdrawn_by   text,
    check (not keeps_vapour or field = 'temperature_c')
);
create index calibration_device on calibration (device_id, from_at);

-- Where the analyst stands: after which batches and diary entries, at which event time it last worked.
create table damp_cursor (
    service    text primary key,
    xid        xid8 not null,
    diary_id   bigint not null default 0,
    event_time timestamptz,
    passed_at  timestamptz
);

-- What waits of each home: from which local day it is to be worked out again. due_no counts the wishes.
create table damp_home (
    home_id    integer primary key references home on delete cascade,
    due_from   date,
    due_no     bigint not null default 0,
    epoch      bigint not null default 0, -- raised where something was deleted or begins anew: what was loaded before is not written
    done_to    timestamptz, -- its newest reading that is worked out
    settle_day date,        -- first day that what comes in time can still change
    settle_at  timestamptz  -- event time from which it can't
);
create index damp_home_due on damp_home (home_id) where due_from is not null;

-- A box in a home, since when: of a box that came from another home, or of the household before, nothing is read.
create table damp_room (
    home_id   integer not null references home on delete cascade,
    device_id integer not null references device,
    from_at   timestamptz not null default '-infinity',
    is_here   boolean not null default true, -- false: the box is in another home now
    done_to   timestamptz, -- its own newest reading that is worked out
    primary key (home_id, device_id)
);
create index damp_room_device on damp_room (device_id);

create table damp_day (
    home_id         integer not null references home on delete cascade,
    device_id       integer not null references device,
    day             date not null,        -- local
    begins_at       timestamptz not null,
    n               integer not null,     -- readings
    expected        integer not null,
    hours           smallint not null,    -- with temperature and humidity
    temperature_c   real,
    humidity_pct    real,
    vapour_pa       real,                 -- mean of the readings' own pressures, never of mean temperature and humidity
    outdoor_c       real,
    outdoor_pa      real,
    excess_pa       real,                 -- over the hours in which both are known
    excess_hours    smallint not null,
    surface_hours   smallint not null,    -- with a known surface
    surface_min_c   real,
    damp_hours_low  smallint not null,    -- surface at 80 % or more: with the warmest, likely and coldest wall
    damp_hours      smallint not null,
    damp_hours_high smallint not null,
    mould           jsonb not null,       -- by class of surfaces: index, highest, hours; at the end of the day
    mould_state     bytea not null,
    factor          real not null,
    factor_low      real not null,
    factor_high     real not null,
    factor_error    real,                 -- standard uncertainty of a learned one
    factor_nights   smallint,             -- null: assumed
    flags           text[] not null default '{}',
    calibrations    bigint[] not null default '{}',
    sister_k        real,                 -- by night: temperature above the sister boxes'
    sister_dew_k    real,                 -- and dew point
    rules           text not null,        -- versions
    hour_c          real[],               -- hour by hour; go sooner than the day
    hour_pa         real[],
    hour_wall_c     real[],
    primary key (home_id, device_id, day)
);
create index damp_day_age on damp_day (day);

create table moisture_event (
    event_id       bigint generated always as identity unique,
    home_id        integer not null references home on delete cascade,
    device_id      integer not null references device,
    started_at     timestamptz not null,
    peak_at        timestamptz not null,
    ended_at       timestamptz not null,
    activity       text not null check (activity in ('shower', 'cooking', 'washing', 'unknown')), -- as the series tells
    confidence     real not null,
    rise_g_m3      real not null,
    grams_low      real not null,
    grams          real not null,
    grams_high     real not null,
    full_air       boolean not null,      -- grams is the least there was
    half_min       real,
    clear_min      real,
    aired          boolean not null,
    of_household   boolean not null,      -- neither outdoor air nor furnishings
    outdoor_known  boolean not null,
    diary_entry_id bigint references diary_entry on delete set null, -- the household's word wins
    primary key (home_id, device_id, started_at)
);
create index moisture_event_age on moisture_event (started_at);
create index moisture_event_diary on moisture_event (diary_entry_id) where diary_entry_id is not null;

create table damp_finding (
    home_id     integer not null references home on delete cascade,
    week        date not null,            -- its Monday
    to_day      date not null,            -- last day that was looked at
    device_id   integer not null references device, -- the room that speaks for the home
    cause       text,                     -- null: not enough to tell, evidence says why
    confidence  real,
    risk        text not null check (risk in ('low', 'raised', 'high', 'unknown')),
    mould_index real,
    evidence    jsonb not null,
    advice      jsonb not null,
    iso         jsonb not null,           -- class with its probabilities
    standard    jsonb not null,           -- excess at 5 °C outdoors with its error
    monthly     jsonb not null,
    rules       text not null,
    primary key (home_id, week)
);
create index damp_finding_age on damp_finding (week);
