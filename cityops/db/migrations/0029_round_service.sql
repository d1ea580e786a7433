-- The bin lorries that are out of service and back, and the crews' acts of a day by their time.

create table round_lorry_service (
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
create index round_lorry_service_lorry on round_lorry_service (lorry, service_id desc);
create trigger round_lorry_service_stays before update or delete on round_lorry_service for each row execute function round_plan_stays();
create trigger round_lorry_service_stays_whole before truncate on round_lorry_service for each statement execute function round_plan_stays();

create index collection_act_rounds on collection_act (at) where what between 1 and 4;
