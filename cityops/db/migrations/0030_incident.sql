-- Incidents: what goes wrong at one place and time in several services, as one case that somebody has in hand.

-- Everything that ever happened to an incident, appended only: the truth. See rules/core/incidents/fold.py.
create table incident_act (
    act_id      bigint primary key,     -- without gaps: given under a lock, in the order of writing
    incident_id bigint not null check (incident_id > 0),
    what        text not null check (what in ('proposed', 'changed', 'over', 'absorbed', 'merged', 'lapsed', 'touches',
                                              'opened', 'claimed', 'handed_over', 'task', 'task_done', 'note', 'linked',
                                              'contained', 'closed', 'split_off')),
    at          timestamptz not null,   -- the town's time
    by          text not null check (by <> ''),
    role        text not null default '',
    via         text not null,
    text        text not null default '',
    detail      jsonb not null default '{}',
    request_id  text unique,
    recorded_at timestamptz not null default now()
);
create index incident_act_incident on incident_act (incident_id, act_id);
create index incident_act_at on incident_act (at);

create function incident_act_stays() returns trigger language plpgsql as $$
begin
    raise exception 'incident_act is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger incident_act_stays before update or delete on incident_act
    for each row execute function incident_act_stays();
create trigger incident_act_stays_whole before truncate on incident_act
    for each statement execute function incident_act_stays();

-- Each incident as it stands after its acts; document: all of it, as rules/core/incidents/model.py has it.
create table incident (
    incident_id   bigint primary key,
    state         text not null check (state in ('proposed', 'open', 'contained', 'closed', 'merged')),
    severity      text not null check (severity in ('info', 'warning', 'major', 'critical')),
    title         text not null,
    place         text not null default '',
    services      text[] not null default '{}',
    signals       integer not null default 0,
    up            integer not null default 0,
    latitude_deg  double precision,
    longitude_deg double precision,
    reach_m       double precision not null default 0,
    has_owner     boolean not null default false,
    made_at       timestamptz not null,
    opened_at     timestamptz,
    contained_at  timestamptz,
    closed_at     timestamptz,
    changed_at    timestamptz not null,
    open_tasks    integer not null default 0,
    document      jsonb not null
);
create index incident_live on incident (incident_id) where state in ('proposed', 'open', 'contained');
create index incident_made on incident (made_at desc);

-- What belongs to which: one row a signal, so that none is in two incidents.
create table incident_signal (
    key         text primary key,
    incident_id bigint not null references incident,
    alarm_id    bigint,
    service     text not null,
    rule_id     text not null,
    severity    text not null,
    at          timestamptz not null,
    ended_at    timestamptz,
    document    jsonb not null
);
create index incident_signal_incident on incident_signal (incident_id);
create index incident_signal_alarm on incident_signal (alarm_id);

-- How far the service has looked: the newest of what it reads, moved in the transaction of what follows.
create table incident_cursor (
    one            boolean primary key default true check (one),
    alarm_log      bigint not null default 0,
    collection_act bigint not null default 0,
    event          bigint not null default 0,
    incident_act   bigint not null default 0,
    looked_at      timestamptz not null default now() -- wall clock
);
