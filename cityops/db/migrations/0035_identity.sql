-- Accounts of staff and programs, how they sign in, sessions and keys (docs/adr/026-identity.md).
--
-- Read and written by the role cityops_identity alone. Of tokens, codes and keys only marks are here; the secrets of
-- authenticators are sealed under a key that is not in the database.

create table account (
    account_id   uuid primary key default gen_random_uuid(),
    name         text not null unique check (name ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    label        text not null check (length(label) between 1 and 100),
    roles        text[] not null default '{}',
    made_at      timestamptz not null default now(),
    made_by      text not null check (made_by <> ''),
    disabled_at  timestamptz,
    oidc_subject text unique,               -- issuer and subject: never an e-mail address, which others may come to have
    seen_on      date,
    epoch        integer not null default 0 -- one more ends every session
);

create table account_password (
    account_id uuid primary key references account on delete cascade,
    hash       text not null,
    set_at     timestamptz not null default now()
);

-- The secret sealed with AES-GCM; the last step that was used, so that no code opens twice.
create table account_totp (
    account_id   uuid primary key references account on delete cascade,
    sealed       bytea not null,
    confirmed_at timestamptz,
    last_step    bigint not null default 0
);

create table recovery_code (
    hash       bytea primary key,
    account_id uuid not null references account on delete cascade,
    used_at    timestamptz
);
create index recovery_code_account on recovery_code (account_id);

create table passkey (
    credential_id bytea primary key,
    account_id    uuid references account on delete cascade,
    resident_id   uuid references resident on delete cascade,
    public_key    bytea not null,
    sign_count    bigint not null,
    label         text not null default '' check (length(label) <= 60),
    made_at       timestamptz not null default now(),
    used_on       date,
    check (num_nonnulls(account_id, resident_id) = 1)
);
create index passkey_account on passkey (account_id);
create index passkey_resident on passkey (resident_id);

-- A browser of staff that is signed in. old_hash: the token before, until its successor was seen, and a minute longer.
create table staff_session (
    session_id    uuid primary key default gen_random_uuid(),
    account_id    uuid not null references account on delete cascade,
    account_epoch integer not null,
    token_hash    bytea not null unique,
    old_hash      bytea unique,
    old_until     timestamptz,
    made_at       timestamptz not null,
    rotated_at    timestamptz not null,
    seen_at       timestamptz not null,
    strong_at     timestamptz not null,     -- when a factor was last shown
    expires_at    timestamptz not null,
    revoked_at    timestamptz,
    how           text not null check (how in ('password', 'passkey', 'oidc', 'link')),
    mfa           boolean not null,
    agent         text not null default '' check (length(agent) <= 200)
);
create index staff_session_account on staff_session (account_id);
create index staff_session_expires on staff_session (expires_at);

-- What was begun and is taken up once: a second factor, a passkey's challenge, the way to a provider, a link.
create table sign_in_step (
    step_hash    bytea primary key,
    what         text not null check (what in ('factor', 'passkey', 'passkey_new', 'oidc', 'link')),
    account_id   uuid references account on delete cascade,
    resident_id  uuid references resident on delete cascade,
    browser_hash bytea,                     -- of the browser that began it; null: any
    data         jsonb not null default '{}',
    wrong        integer not null default 0,
    expires_at   timestamptz not null,
    used_at      timestamptz
);
create index sign_in_step_expires on sign_in_step (expires_at);
create index sign_in_step_account on sign_in_step (account_id);
create index sign_in_step_resident on sign_in_step (resident_id);

-- A program's key.
create table api_key (
    key_id        text primary key check (key_id ~ '^[a-z2-7]{8}$'),
    mark          bytea not null,
    label         text not null check (length(label) between 1 and 100),
    owner_account uuid not null references account on delete cascade,
    scopes        text[] not null check (cardinality(scopes) > 0),
    made_at       timestamptz not null default now(),
    expires_at    timestamptz not null,
    revoked_at    timestamptz,
    used_on       date
);
create index api_key_account on api_key (owner_account);

-- Wrong passwords by account and by where they came from, as marks; lost with a crash of the server, which does no harm.
create unlogged table sign_in_try (
    subject bytea not null,
    source  bytea not null,
    wrong   integer not null,
    last_at timestamptz not null,
    until   timestamptz not null,
    primary key (subject, source)
);
create index sign_in_try_last on sign_in_try (last_at);
