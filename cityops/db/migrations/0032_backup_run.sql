-- Back-ups that were made, tried and restored for a check: so that one too old is an alarm, and everybody can see it.
-- Written by `cityops backup`; the files are elsewhere.

create table backup_run (
    backup_run_id  bigint generated always as identity primary key,
    name           text not null,
    started_at     timestamptz not null,
    ended_at       timestamptz not null default now(),
    ok             boolean not null,
    bytes          bigint check (bytes >= 0),  -- of the back-up's files; null where there is none
    database_bytes bigint check (database_bytes >= 0),
    wal_lsn        pg_lsn,
    place          text not null default '',   -- host and folder
    verified_at    timestamptz,                -- when it was last restored for a check and was as it should be
    problem        text not null default '',   -- why it failed, or what differed
    check (ended_at >= started_at),
    check (ok or problem <> '')
);
create index backup_run_ended on backup_run (ended_at desc);
