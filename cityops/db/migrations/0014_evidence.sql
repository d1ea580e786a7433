-- What a household writes down about its case, and which evidence packs were made. All of it goes with the home.

create table housing_case (
    case_id       bigint generated always as identity primary key,
    home_id       integer not null references home on delete cascade,
    kind          text not null check (kind in ('significant', 'emergency')),
    hazard        text not null default 'damp and mould',
    landlord      text not null default '',
    council_owned boolean not null default false,
    opened_at     timestamptz not null,
    opened_by     text not null
);
create index housing_case_home on housing_case (home_id);

-- Nothing is rewritten: a mistake is withdrawn by an entry that refers to it.
create table case_event (
    case_event_id bigint generated always as identity primary key,
    case_id       bigint not null references housing_case on delete cascade,
    kind          text not null check (kind in ('reported', 'aware', 'investigated', 'no_hazard', 'summary', 'made_safe',
                  'steps_taken', 'works_begun', 'works_done', 'not_needed', 'extended', 'rehoused', 'closed', 'withdrawn')),
    at            timestamptz not null,  -- when it happened
    step          text check (step in ('emergency', 'investigate', 'summary', 'safety', 'begin', 'start')),
    until         date,
    refers_to     bigint,
    note          text not null default '',
    by            text not null,
    recorded_at   timestamptz not null,  -- when it was written down
    check ((kind in ('not_needed', 'extended')) = (step is not null)),
    check ((kind = 'extended') = (until is not null)),
    check ((kind = 'withdrawn') = (refers_to is not null)),
    unique (case_id, case_event_id),
    foreign key (case_id, refers_to) references case_event (case_id, case_event_id) on delete cascade -- of the same case
);
create index case_event_refers on case_event (case_id, refers_to) where refers_to is not null;

-- Calls, letters and visits between the resident and the landlord.
create table contact_log (
    contact_id  bigint generated always as identity primary key,
    home_id     integer not null references home on delete cascade,
    at          timestamptz not null,
    method      text not null check (method in ('phone', 'email', 'letter', 'visit', 'online', 'text', 'other')),
    who         text not null,
    said        text not null,
    reply       text not null default '',
    replied_at  timestamptz,
    by          text not null,
    recorded_at timestamptz not null,
    check ((reply = '') = (replied_at is null))
);
create index contact_log_home on contact_log (home_id, at);

-- Encoded anew, without metadata; of what was sent in only the hash is kept, unless asked otherwise.
create table evidence_photo (
    photo_id        bigint generated always as identity primary key,
    home_id         integer not null references home on delete cascade,
    taken_at        timestamptz not null,
    room            text not null default '',
    caption         text not null,
    width           integer not null check (width > 0),
    height          integer not null check (height > 0),
    jpeg            bytea not null,
    sha256          text not null,
    original_sha256 text not null,
    original_bytes  integer not null,
    original        bytea,
    by              text not null,
    added_at        timestamptz not null
);
alter table evidence_photo alter column jpeg set storage external;  -- it is compressed already
create unique index evidence_photo_once on evidence_photo (home_id, original_sha256);

-- Which packs were made; the packs themselves are files of whoever made them.
create table evidence_pack (
    pack_id         text primary key,
    home_id         integer not null references home on delete cascade,
    from_day        date not null,
    to_day          date not null,
    made_at         timestamptz not null,
    made_by         text not null,
    sha256          text not null,
    bytes           bigint not null,
    manifest_sha256 text not null,
    key_id          text not null
);
create index evidence_pack_home on evidence_pack (home_id, made_at);

-- Where a household is reminded: the outbox names it home:<home_id>, and looks the address up here.
create table home_contact (
    home_id integer not null references home on delete cascade,
    channel text not null,
    address text not null,
    set_by  uuid references resident on delete cascade, -- goes when they move out; null: the council
    set_at  timestamptz not null default now(),
    primary key (home_id, channel)
);
create index home_contact_by on home_contact (set_by) where set_by is not null;

-- Deny all, as in 0013: routines/households_cases.sql says who sees which rows.
alter table housing_case enable row level security;
alter table case_event enable row level security;
alter table contact_log enable row level security;
alter table evidence_photo enable row level security;
alter table evidence_pack enable row level security;
alter table home_contact enable row level security;
