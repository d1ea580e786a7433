-- The duty officer's desk: what people made of the engine's proposals. A proposal is a row of "decision", which nothing changes.

create table treatment_act (
    act_id      bigint primary key,     -- without gaps: given under a lock, in the order of the chain
    ref         text not null,          -- what it is about: P<decision_id>, or O<act_id> of an order of one's own
    route_id    text not null,
    decision_id bigint,                 -- of the proposal; no foreign key: what was said outlives what it was said of
    what        text not null check (what in ('confirmed', 'changed', 'cancelled', 'ordered', 'unanswered')),
    at          timestamptz not null,   -- the town's time
    by          text not null check (by <> ''),
    role        text not null,
    via         text not null,
    reason      text not null default '',
    treatment   jsonb,                  -- what stands after it; null: nothing is to be driven
    seen        jsonb not null,         -- what was on the desk then
    request_id  text unique,
    link        text not null unique,   -- hash over the link before it and the act: rules/core/winter_orders/chain.py
    recorded_at timestamptz not null default now(),
    received_at timestamptz unique,     -- the batch that brings it to the engine; null: the engine need not know
    counts_at   timestamptz,            -- the event time as of which the engine takes it
    thread      bigint not null,        -- the first act about the same ref
    answers_at  timestamptz,            -- when the proposal was made
    check ((what in ('cancelled')) <= (treatment is null)),
    check ((what in ('confirmed', 'changed', 'ordered')) <= (treatment is not null)),
    check (what not in ('changed', 'cancelled', 'ordered') or reason <> ''),
    check ((received_at is null) = (counts_at is null))
);
create index treatment_act_ref on treatment_act (ref, act_id);
create index treatment_act_route on treatment_act (route_id, at);
create index treatment_act_counts on treatment_act (counts_at) where counts_at is not null;

-- Appended only, also for whoever owns the table: a record that can be changed is none.
create function treatment_act_stays() returns trigger language plpgsql as $$
begin
    raise exception 'treatment_act is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger treatment_act_stays before update or delete on treatment_act
    for each row execute function treatment_act_stays();
create trigger treatment_act_stays_whole before truncate on treatment_act
    for each statement execute function treatment_act_stays();

-- How the forecasts and decisions of a night did, as it was worked out in the morning; the newest row of a night counts.
create table winter_score (
    score_id  bigint generated always as identity primary key,
    night     date not null,            -- the day on which it began, at noon of the town
    worked_at timestamptz not null default now(),
    by        text not null,
    summary   jsonb not null
);
create index winter_score_night on winter_score (night, score_id desc);
