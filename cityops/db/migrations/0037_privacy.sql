-- contract: nobody misses anything: the rules are on columns that are added here, and old programs are the owner, whom no policy binds
-- Deletions that wait for who may delete, and what each day's retention dropped.

-- A deletion asked for by a role that may not delete: whose, until it is done; then the numbers alone are left.
alter table erasure add column resident_id uuid,
    add column forget boolean,
    add column tried_at timestamptz,       -- when it failed last
    add column kept jsonb not null default '[]',   -- times that stay, as [from, to]
    add check ((resident_id is null) = (forget is null)),
    add check (resident_id is null or done_at is null);
create index erasure_waiting on erasure (asked_at) where resident_id is not null;

-- What went each day, by what it was: rows, nothing of what they said. Read by cityops_api.
create table retention_run (
    run_id  bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    dropped jsonb not null
);

-- What rules say of homes stands beside what they say of roads and bins: routines/zz_rights.sql says who sees which rows.
alter table subject_state enable row level security;
alter table event enable row level security;
alter table decision enable row level security;
