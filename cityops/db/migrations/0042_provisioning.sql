-- How a device comes to be known: claim codes on labels, credentials, states, and which cards show themselves under its name.
--
-- Of codes and passwords only hashes are here, of certificates only the fingerprint (docs/adr/043-provisioning.md).

-- What stands of a device now; a device without a row is active: it was there before there were claims.
create table device_state (
    device_id  integer primary key references device on delete cascade,
    state      text not null check (state in ('unclaimed', 'active', 'quarantined', 'retired')),
    reason     text not null default '' check (length(reason) <= 500),
    changed_at timestamptz not null default now(),
    -- Which card is believed after a quarantine was ended; null: any.
    keep       text check (length(keep) <= 80)
);
comment on table device_state is 'One row per device that is not simply there; every change of it is in device_act.';

-- Every act upon a device's identity; appended to.
create table device_act (
    act_id    bigint generated always as identity primary key,
    device_id integer not null references device on delete cascade,
    at        timestamptz not null default now(),
    by        text not null check (length(by) between 1 and 120),
    act       text not null check (act in ('added', 'labelled', 'claimed', 'homed', 'rotated', 'revoked', 'quarantined', 'released',
                                           'retired')),
    detail    text not null default '' check (length(detail) <= 500)
);
create index device_act_device on device_act (device_id, act_id desc);
create function device_act_stays() returns trigger language plpgsql as $$
begin
    raise exception 'device_act is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger device_act_stays before update on device_act for each row execute function device_act_stays();
create trigger device_act_stays_whole before truncate on device_act for each statement execute function device_act_stays();

-- A code on a label. It opens twice at most: once for the device, which gets its credential, and once for the household.
create table device_claim (
    claim_id   bigint generated always as identity primary key,
    device_id  integer not null references device on delete cascade,
    code_hash  bytea not null unique check (length(code_hash) = 32),
    hint       text not null check (length(hint) <= 4), -- the code's end, to tell labels apart
    made_at    timestamptz not null default now(),
    made_by    text not null check (length(made_by) between 1 and 120),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    used_at    timestamptz,           -- by the device
    install    text,                  -- the card that used it
    verifier   text,                  -- what it brought: the same card may ask again with the same, where the answer was lost
    homed_at   timestamptz,           -- by a household
    home_id    integer references home on delete set null,
    check ((used_at is null) = (install is null) and (used_at is null) = (verifier is null))
);
create index device_claim_device on device_claim (device_id);
create unique index device_claim_open on device_claim (device_id) where revoked_at is null;

-- What a device shows at the broker. 'next' was asked for by the device and has not been seen yet; 'old' is kept until it was.
create table device_credential (
    credential_id bigint generated always as identity primary key,
    device_id     integer not null references device on delete cascade,
    kind          text not null check (kind in ('token', 'x509')),
    verifier      text not null check (length(verifier) between 20 and 400), -- $7$iterations$salt$hash, or sha256 of the certificate
    made_at       timestamptz not null default now(),
    expires_at    timestamptz,                                               -- of a certificate
    state         text not null check (state in ('current', 'old', 'revoked')),
    ended_at      timestamptz,
    ended_why     text not null default '' check (length(ended_why) <= 500),
    check ((state = 'current') = (ended_at is null)),
    unique (device_id, verifier)
);
create unique index device_credential_current on device_credential (device_id) where state = 'current';

-- Which cards and boots showed themselves, by births (retained status messages with online = true).
create table device_install (
    device_id  integer not null references device on delete cascade,
    install    text not null check (length(install) <= 80),
    boot       bigint not null,
    first_seen timestamptz not null,
    last_seen  timestamptz not null,
    primary key (device_id, install, boot)
);

-- Wrong claim codes by network and hour, as marks; lost with a crash of the server, which does no harm.
create unlogged table claim_try (
    source bytea not null,
    hour   timestamptz not null,
    tries  integer not null,
    primary key (source, hour)
);

-- Whoever keeps the broker, and the ingester, look again.
create function device_identity_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('cityops_devices', '');
    return null;
end $$;
create trigger device_state_changed after insert or update or delete on device_state
    for each statement execute function device_identity_changed();
create trigger device_credential_changed after insert or update or delete on device_credential
    for each statement execute function device_identity_changed();
