-- LoRaWAN in (docs/adr/042): servers, codecs, which sensor is which device, what came in, what goes out.
--
-- Written by the bridge (ingest/bridge), by `cityops lorawan` and by webhooks (lorawan_receive(), routines/lorawan.sql).
-- A payload is decoded from lorawan_inbox, never straight from the wire: QoS 0 and webhooks never come again.

create table lorawan_source (
    source_id     integer generated always as identity primary key,
    name          text not null unique check (name ~ '^[a-z0-9][a-z0-9-]{0,40}$'),
    protocol      text not null check (protocol in ('ttn_v3', 'chirpstack_v4', 'senml')),
    transport     text not null check (transport in ('mqtt', 'webhook')),
    -- Host, port, TLS, topic, user name, name of the file with the password. No secret.
    settings      jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    token_hash    bytea check (octet_length(token_hash) = 32),  -- SHA-256 of a webhook's token, which is 256 random bits
    enabled       boolean not null default true,
    created_by    text not null,
    created_at    timestamptz not null default now(),
    last_seen_at  timestamptz,
    received      bigint not null default 0,  -- events kept
    duplicates    bigint not null default 0,  -- events that came again
    refused       bigint not null default 0,  -- of these events kept: nothing could be read of them
    connection    text not null default '',   -- of MQTT: connected, or why not
    connection_at timestamptz,
    check ((transport = 'webhook') = (token_hash is not null))
) with (fillfactor = 50);

-- Versions are appended only: what a reading was decoded with stays.
create table lorawan_codec (
    codec_id   integer generated always as identity primary key,
    name       text not null check (name ~ '^[a-z0-9][a-z0-9_.-]{0,60}$'),
    version    integer not null check (version > 0),
    language   text not null check (language in ('native', 'map', 'javascript')),
    body       text not null default '',   -- native: the decoder's name; javascript: the source (TS013)
    field_map  jsonb,                      -- onto fields of the kind; of a native decoder null
    kind       text not null,
    created_by text not null,
    created_at timestamptz not null default now(),
    note       text not null default '',
    unique (name, version),
    check (language = 'map' or body <> ''),
    check (language = 'native' or field_map is not null)
);
create function lorawan_codec_stays() returns trigger language plpgsql as $$
begin
    raise exception 'lorawan_codec is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger lorawan_codec_stays before update or delete on lorawan_codec for each row execute function lorawan_codec_stays();
create trigger lorawan_codec_stays_whole before truncate on lorawan_codec for each statement execute function lorawan_codec_stays();

-- Which sensor is which device, since when; a row that has ended is history.
create table lorawan_binding (
    binding_id   integer generated always as identity primary key,
    dev_eui      text not null check (dev_eui ~ '^[0-9a-f]{16}$'),
    device_id    integer not null references device,
    codec_id     integer not null references lorawan_codec,
    source_id    integer references lorawan_source,  -- null: from whichever it comes
    -- {"mounting_height_mm": 1500, ...}: as a codec may need it
    installation jsonb not null default '{}' check (jsonb_typeof(installation) = 'object'),
    bound_by     text not null,
    bound_at     timestamptz not null default now(),
    unbound_by   text,
    unbound_at   timestamptz,
    note         text not null default '',
    check (unbound_at >= bound_at),
    check ((unbound_at is null) = (unbound_by is null))
);
create unique index lorawan_binding_now on lorawan_binding (dev_eui) where unbound_at is null;
create unique index lorawan_binding_device_now on lorawan_binding (device_id) where unbound_at is null;
create index lorawan_binding_eui on lorawan_binding (dev_eui, bound_at desc);
create index lorawan_binding_device on lorawan_binding (device_id);

-- What is known of a sensor by its envelopes, bound or not: where it was heard, how well, its battery.
create table lorawan_device (
    dev_eui        text primary key check (dev_eui ~ '^[0-9a-f]{16}$'),
    source_id      integer not null references lorawan_source,
    application_id text not null default '',  -- as the server calls it: downlinks go there
    lns_device_id  text not null default '',  -- likewise (The Things Stack: device_id)
    label          text not null default '',  -- what the server calls it: device name, profile
    dev_addr       text,
    first_seen_at  timestamptz not null,
    last_seen_at   timestamptz not null,
    last_join_at   timestamptz,
    uplinks        bigint not null default 0,
    f_cnt          bigint,
    f_port         smallint,
    gateway        text,                      -- which heard the last uplink best
    rssi_dbm       real,
    snr_db         real,
    spreading      smallint,
    frequency_hz   bigint,
    airtime_ms     real,
    battery_pct    real,                      -- as the server was told (DevStatusAns); null: not known
    external_power boolean,
    margin_db      real,
    status_at      timestamptz
) with (fillfactor = 50);

-- How frame counters become (boot, seq): one row per run of a counter that only goes up (ingest/core/lorawan/numbering.py).
create table lorawan_session (
    dev_eui  text not null,
    boot     bigint not null,
    session  text not null,                   -- session key id, or device address
    first_at timestamptz not null,
    last_at  timestamptz not null,
    first_f_cnt bigint not null,
    last_f_cnt  bigint not null,
    primary key (dev_eui, boot),
    check (last_at >= first_at)
) with (fillfactor = 50);

create table lorawan_inbox (
    event_id        bigint generated always as identity primary key,
    source_id       integer not null references lorawan_source,
    received_at     timestamptz not null default now(),   -- by us
    network_at      timestamptz,                          -- by the network server
    event_kind      text not null check (event_kind in ('uplink', 'join', 'status', 'downlink', 'other', 'senml')),
    idempotency_key text not null,
    dev_eui         text check (dev_eui ~ '^[0-9a-f]{16}$'),
    f_port          smallint,
    f_cnt           bigint,
    payload         bytea,                                -- the device's bytes
    topic           text not null default '',
    body            bytea not null,                       -- the server's, as it came
    state           text not null default 'waiting' check (state in ('waiting', 'stored', 'dead')),
    attempts        integer not null default 0,
    reason_code     text,                                 -- closed set: ingest/core/lorawan/reasons.py
    reason          text,                                 -- for a person
    next_at         timestamptz not null default now(),
    done_at         timestamptz,
    codec_id        integer references lorawan_codec,     -- with which it was decoded
    unique (source_id, idempotency_key),
    check (state = 'waiting' or done_at is not null),
    check (state <> 'dead' or reason_code is not null)
);
create index lorawan_inbox_waiting on lorawan_inbox (event_id) where state = 'waiting';
create index lorawan_inbox_dead on lorawan_inbox (reason_code, event_id) where state = 'dead';
create index lorawan_inbox_eui on lorawan_inbox (dev_eui, event_id desc);
create index lorawan_inbox_received on lorawan_inbox (received_at);

create table lorawan_downlink (
    downlink_id bigint generated always as identity primary key,
    dev_eui     text not null check (dev_eui ~ '^[0-9a-f]{16}$'),
    source_id   integer references lorawan_source,  -- null: where it was last heard
    what        text not null,                      -- for a person: reporting interval 600 s
    f_port      smallint not null check (f_port between 1 and 223),
    payload     bytea not null check (octet_length(payload) between 1 and 242),
    confirmed   boolean not null default false,
    state       text not null default 'queued' check (state in ('queued', 'sent', 'acknowledged', 'failed')),
    correlation text not null unique default gen_random_uuid()::text,
    created_by  text not null,
    created_at  timestamptz not null default now(),
    next_at     timestamptz not null default now(),
    attempts    integer not null default 0,
    sent_at     timestamptz,                        -- given to the server
    radioed_at  timestamptz,                        -- sent by a gateway
    done_at     timestamptz,
    problem     text not null default ''
);
create index lorawan_downlink_queued on lorawan_downlink (downlink_id) where state = 'queued';
create index lorawan_downlink_eui on lorawan_downlink (dev_eui, downlink_id desc);

-- What is a household's is hidden from the website's role (policies: routines/lorawan.sql).
alter table lorawan_binding enable row level security;
alter table lorawan_device enable row level security;
alter table lorawan_inbox enable row level security;
alter table lorawan_downlink enable row level security;
