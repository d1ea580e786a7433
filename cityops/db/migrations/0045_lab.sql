-- The device laboratory: faults of a simulated town, switched while it plays. Empty where every device is real.

-- What somebody switched on. The simulator does it, and says here whom it struck or why it did not.
create table lab_fault (
    fault_id    integer generated always as identity primary key,
    fault       jsonb not null,             -- firmware_sim/world/script.py, Fault
    made_at     timestamptz not null default now(),
    made_by     text not null check (made_by <> ''),
    ended_at    timestamptz,
    ended_by    text,
    began_at    timestamptz,                -- simulated time
    devices     text[],                     -- whom it struck; null: not begun
    problem     text not null default ''    -- why it was not begun
);
create index lab_fault_open on lab_fault (fault_id) where ended_at is null;

-- The town that plays: one row, told every few seconds.
create table lab_town (
    town        text primary key check (town = 'town'),
    seen_at     timestamptz not null,
    simulated   timestamptz not null,
    scenario    text not null,
    statistics  jsonb not null              -- firmware_sim/fleet.py, FleetStatistics
);
