-- The lorries' rounds: which lorries, depots and tips there are, and the plans of a day.

create table round_fleet (
    fleet_id    bigint generated always as identity primary key,
    fleet       jsonb not null,             -- the newest counts
    by          text not null check (by <> ''),
    reason      text not null default '',
    recorded_at timestamptz not null default now()
);

create table round_plan (
    version     bigint primary key,         -- without gaps: given under a lock
    day         date not null,              -- the town's service day
    after       bigint unique references round_plan, -- the plan whose place it takes: one has one follower
    decision_id bigint,                     -- of bins.round, that it was made from; that may be gone by then
    fleet_id    bigint not null references round_fleet,
    at          timestamptz not null,       -- the town's time
    by          text not null check (by <> ''),
    role        text not null,
    via         text not null,
    reason      text not null,
    plan        jsonb not null,             -- what it was made from, and what it says
    request_id  text unique,
    recorded_at timestamptz not null default now()
);
create index round_plan_day on round_plan (day, version desc);

-- Appended only, also for whoever owns the tables: a crew's round is evidence of what it was told.
create function round_plan_stays() returns trigger language plpgsql as $$
begin
    raise exception '% is appended only: % is refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger round_plan_stays before update or delete on round_plan for each row execute function round_plan_stays();
create trigger round_plan_stays_whole before truncate on round_plan for each statement execute function round_plan_stays();
create trigger round_fleet_stays before update or delete on round_fleet for each row execute function round_plan_stays();
create trigger round_fleet_stays_whole before truncate on round_fleet for each statement execute function round_plan_stays();
