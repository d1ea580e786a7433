-- Roads closed for a time, what closing one would do, and where emergency vehicles stand.

create table road_closure (
    closure_id  bigint generated always as identity primary key,
    segments    text[] not null check (cardinality(segments) > 0), -- of road_segment; one that is gone closes nothing
    begins      timestamptz not null,       -- the town's time, as all but recorded_at
    ends        timestamptz check (ends > begins), -- null: until somebody opens it
    reason      text not null check (reason <> ''),
    at          timestamptz not null,
    by          text not null check (by <> ''),
    role        text not null,
    via         text not null,
    request_id  text unique,
    recorded_at timestamptz not null default now()
);
create index road_closure_ends on road_closure (ends);

-- An opening before the time that was said, of some or all of a closure's stretches.
create table road_opening (
    opening_id  bigint generated always as identity primary key,
    closure_id  bigint not null references road_closure,
    segments    text[] not null check (cardinality(segments) > 0),
    at          timestamptz not null,
    by          text not null check (by <> ''),
    role        text not null,
    via         text not null,
    reason      text not null default '',
    recorded_at timestamptz not null default now()
);
create index road_opening_closure on road_opening (closure_id);

-- What closing roads would do, kept as a note that others link to.
create table what_if (
    what_if_id  bigint generated always as identity primary key,
    at          timestamptz not null,
    by          text not null check (by <> ''),
    role        text not null,
    via         text not null,
    note        text not null default '',
    document    jsonb not null,             -- rules/core/closing/document.py: what was asked, found, and by which plans
    request_id  text unique,
    recorded_at timestamptz not null default now()
);

create table emergency_roster (
    roster_id   bigint generated always as identity primary key,
    roster      jsonb not null,             -- the newest counts: rules/core/emergency/roster.py
    by          text not null check (by <> ''),
    reason      text not null default '',
    recorded_at timestamptz not null default now()
);

-- Appended only, also for whoever owns the tables: a closure is why a road was not treated, and a house reached late.
create function road_closure_stays() returns trigger language plpgsql as $$
begin
    raise exception '% is appended only: % is refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger road_closure_stays before update or delete on road_closure for each row execute function road_closure_stays();
create trigger road_closure_stays_whole before truncate on road_closure for each statement execute function road_closure_stays();
create trigger road_opening_stays before update or delete on road_opening for each row execute function road_closure_stays();
create trigger road_opening_stays_whole before truncate on road_opening for each statement execute function road_closure_stays();
create trigger what_if_stays before update or delete on what_if for each row execute function road_closure_stays();
create trigger what_if_stays_whole before truncate on what_if for each statement execute function road_closure_stays();
create trigger emergency_roster_stays before update or delete on emergency_roster for each row execute function road_closure_stays();
create trigger emergency_roster_stays_whole before truncate on emergency_roster for each statement execute function road_closure_stays();
