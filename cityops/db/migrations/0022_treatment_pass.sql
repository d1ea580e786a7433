-- What gritters spread, for years, and the records of nights that were made in their mornings.

create table treatment_pass (
    pass_id     bigint generated always as identity primary key,
    what        text not null check (what in ('driven', 'taken_back')), -- taken back: a late report says that it was otherwise
    segment_id  text not null,      -- no reference: a stretch that is taken away leaves what was spread on it
    lorry       text not null,      -- the gritter's device
    at          timestamptz not null,
    g_m2        double precision not null,
    low         double precision not null, -- which part of the stretch's line, 0..1
    high        double precision not null,
    from_at     timestamptz not null, -- the two reports of the gritter that tell it
    to_at       timestamptz not null,
    rain_mm     double precision not null, -- the town's rain gauge then
    recorded_at timestamptz not null default now()
);
create index treatment_pass_at on treatment_pass (at);
create index treatment_pass_recorded on treatment_pass (recorded_at);

-- What the engine remembers of the last 24 hours, in which it is already known.
insert into treatment_pass (what, segment_id, lorry, at, g_m2, low, high, from_at, to_at, rain_mm)
select 'driven', s.subject, p ->> 4, to_timestamp((p ->> 0)::float8), (p ->> 1)::float8, (p ->> 2)::float8, (p ->> 3)::float8,
       to_timestamp((p ->> 5)::float8), to_timestamp((p ->> 6)::float8), coalesce((p ->> 7)::float8, 0.0)
from rule_state s cross join jsonb_array_elements(coalesce(s.state -> 'passes', '[]')) as p
where s.rule_id = 'treated' and s.version = 1;

create table winter_record (
    record_id bigint generated always as identity primary key,
    night     date not null unique,  -- the day on which it began: one record is kept of a night, the first
    made_at   timestamptz not null default now(),
    pack_id   text not null,
    key_id    text not null,
    sha256    text not null,
    pack      bytea not null
);
alter table winter_record alter column pack set storage external; -- a zip is not packed again
create index winter_record_made on winter_record (made_at);

-- Appended only, also for whoever owns the tables: claims come up to six years later, and longer where a child is hurt.
create function winter_evidence_stays() returns trigger language plpgsql as $$
declare
    since timestamptz := case when tg_op = 'DELETE' then coalesce(
        (to_jsonb(old) ->> 'recorded_at')::timestamptz, (to_jsonb(old) ->> 'made_at')::timestamptz) end;
begin
    if since < now() - interval '6 years' then
        return old;
    end if;
    raise exception '% is appended only and kept for six years at least: % is refused', tg_table_name, tg_op
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger treatment_pass_stays before update or delete on treatment_pass for each row execute function winter_evidence_stays();
create trigger treatment_pass_stays_whole before truncate on treatment_pass for each statement execute function winter_evidence_stays();
create trigger winter_record_stays before update or delete on winter_record for each row execute function winter_evidence_stays();
create trigger winter_record_stays_whole before truncate on winter_record for each statement execute function winter_evidence_stays();
