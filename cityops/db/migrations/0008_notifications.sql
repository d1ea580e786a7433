-- Who is told, how, and what became of it.

create table person (
    person     text primary key check (person ~ '^[a-z0-9][a-z0-9.-]{0,62}$'),
    label      text not null,
    roles      text[] not null default '{}',
    time_zone  text not null default 'Europe/London',
    quiet_from time,
    quiet_to   time,
    active     boolean not null default true,
    check ((quiet_from is null) = (quiet_to is null))
);

-- A person's channels, in the order in which to try them.
create table contact (
    person         text not null references person on delete cascade,
    place          smallint not null,
    channel        text not null,
    address        text not null,
    least_severity text not null default 'info' check (least_severity in ('info', 'warning', 'major', 'critical')),
    primary key (person, place),
    unique (person, channel)
);

-- The rota as its iCalendar says, expanded; replaced as a whole per source.
create table rota_shift (
    source  text not null,
    role    text not null,
    person  text not null,
    from_at timestamptz not null,
    to_at   timestamptz not null check (to_at > from_at)
);
create index rota_shift_at on rota_shift (role, from_at);

-- The outbox. key makes planning idempotent: what is planned twice is there once. It holds no
-- address: recipient (a person, team:<channel>, webhook:<number>) and channel lead to it when it is sent.
create table notification (
    notification_id bigint generated always as identity primary key,
    key           text not null unique,
    alarm_id      bigint references alarm,
    log_id        bigint references alarm_log,
    recipient     text not null,
    channel       text not null,
    kind          text not null,         -- raised | escalated | cleared | assigned | test ...
    severity      text not null check (severity in ('info', 'warning', 'major', 'critical')),
    title         text not null,
    body          text not null,
    data          jsonb not null default '{}',
    not_before    timestamptz not null,
    gather_from   timestamptz,           -- waits until not_before for others of its recipient; since then it might be sent
    retry_at      timestamptz,           -- when to try again, after an attempt
    expires_at    timestamptz not null,
    state         text not null default 'pending'
                  check (state in ('pending', 'sending', 'sent', 'delivered', 'failed', 'unknown', 'expired', 'suppressed', 'bundled')),
    attempts      smallint not null default 0,
    claimed_by    text,
    claimed_until timestamptz,
    reference     text,                  -- the channel's own name for it
    fallback      text[] not null default '{}',
    fallback_of   bigint references notification,
    bundled_in    bigint references notification, -- the message that says it, with others
    created_at    timestamptz not null default clock_timestamp(),
    sent_at       timestamptz,
    delivered_at  timestamptz,
    last_error    text
);
create index notification_due on notification (channel, coalesce(retry_at, not_before)) where state in ('pending', 'sending');
create index notification_alarm on notification (alarm_id, notification_id);

-- A hint for the sender, whoever plans; polling stays the truth.
create function tell_sender() returns trigger language plpgsql as $$
begin
    perform pg_notify('cityops_notify', '');
    return null;
end $$;
create trigger notification_hint after insert on notification
    for each statement execute function tell_sender();

create table delivery_attempt (
    notification_id bigint not null references notification,
    attempt         smallint not null,
    at              timestamptz not null default now(),
    took_s          real,
    verdict         text not null,
    error           text,
    primary key (notification_id, attempt)
);

-- Programs that are told by CloudEvents; the secret itself is a setting.
create table webhook (
    webhook_id  integer generated always as identity primary key,
    url         text not null,
    types       text[] not null default '{}',
    secret_name text not null,
    active      boolean not null default true,
    created_by  text not null,
    created_at  timestamptz not null default now()
);
