-- Tonight's lorries: which there are, which are out of service, and the plans of a night.

create table winter_roster (
    roster_id   bigint generated always as identity primary key,
    roster      jsonb not null,             -- the newest counts
    by          text not null check (by <> ''),
    reason      text not null default '',
    recorded_at timestamptz not null default now()
);

create table lorry_service (
    service_id  bigint generated always as identity primary key,
    lorry       text not null check (lorry <> ''),
    what        text not null check (what in ('broken', 'returned')),
    at          timestamptz not null,       -- the town's time
    by          text not null check (by <> ''),
    role        text not null,
    via         text not null,
    reason      text not null default '',
    request_id  text unique,
    recorded_at timestamptz not null default now(),
    check (what <> 'broken' or reason <> '')
);
create index lorry_service_lorry on lorry_service (lorry, service_id desc);

create table winter_plan (
    version     bigint primary key,         -- without gaps: given under a lock
    night       date not null,              -- the day on which it began, at noon of the town
    kind        text not null check (kind in ('tonight', 'breakdown', 'returned')),
    after       bigint unique references winter_plan, -- the plan whose place it takes: one has one follower
    lorry       text,                       -- that it is about
    at          timestamptz not null,       -- the town's time
    by          text not null check (by <> ''),
    role        text not null,
    via         text not null,
    reason      text not null,
    contents    jsonb not null,             -- what it was made from, and what it says
    request_id  text unique,
    recorded_at timestamptz not null default now()
);
create index winter_plan_night on winter_plan (night, version desc);

-- Appended only, also for whoever owns the tables: a driver's card is evidence of what he was told.
create function winter_plan_stays() returns trigger language plpgsql as $$
begin
    raise exception '% is appended only: % is refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger winter_plan_stays before update or delete on winter_plan for each row execute function winter_plan_stays();
create trigger winter_plan_stays_whole before truncate on winter_plan for each statement execute function winter_plan_stays();
create trigger lorry_service_stays before update or delete on lorry_service for each row execute function winter_plan_stays();
create trigger lorry_service_stays_whole before truncate on lorry_service for each statement execute function winter_plan_stays();
create trigger winter_roster_stays before update or delete on winter_roster for each row execute function winter_plan_stays();
create trigger winter_roster_stays_whole before truncate on winter_roster for each statement execute function winter_plan_stays();
