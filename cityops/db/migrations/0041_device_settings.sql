-- What devices are told to be like, what they say they are like, and who wanted it so.
--
-- Settings are set in layers: all devices, a kind, a group, one device. What a device is told is composed of its layers
-- (ingest/fleet/core/compose.py), and each time that it comes out different it is a new version of that device's.

create table device_group (
    group_id text primary key check (group_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    label    text not null default '' check (length(label) <= 200),
    made_by  text not null,
    made_at  timestamptz not null default now()
);

create table device_group_member (
    device_id integer not null references device,
    group_id  text not null references device_group on delete cascade,
    primary key (device_id, group_id)
);
create index device_group_member_group on device_group_member (group_id);

-- Each row is all that its layer sets from then on; the newest one of a scope and target counts.
create table setting_change (
    change_id bigint generated always as identity primary key,
    scope     text not null check (scope in ('fleet', 'kind', 'group', 'device')),
    target    text not null default '' check ((scope = 'fleet') = (target = '')), -- kind, group_id or the device's name
    settings  jsonb not null check (jsonb_typeof(settings) = 'object'),
    made_by   text not null,                                 -- account's id or the command's user, as in the audit
    made_at   timestamptz not null default now(),
    note      text not null default '' check (length(note) <= 500)
);
create index setting_change_of on setting_change (scope, target, change_id desc);

-- All that a device was told by each number. A setting that is not named is as the device was installed.
create table device_setting_version (
    device_id        integer not null references device,
    version          integer not null check (version > 0),
    settings         jsonb not null check (jsonb_typeof(settings) = 'object'),
    confirm_within_s integer not null check (confirm_within_s > 0),
    made_by          text not null,
    made_at          timestamptz not null default now(),
    note             text not null default '',
    change_id        bigint references setting_change,
    primary key (device_id, version)
);

-- How it stands with a device's settings: what it was told, and what it last said of them, as far as that is understood.
-- Written by the fleet service alone, from device_status.reported.
create table device_setting_state (
    device_id         integer primary key references device,
    desired_version   integer not null default 0,  -- the newest of device_setting_version; 0: nobody ever set anything
    published_version integer not null default 0,  -- last given to the broker
    published_at      timestamptz,
    confirmed_at      timestamptz,                  -- when the device was last told that it was heard
    reported_at       timestamptz,                  -- null: it never said anything
    reported_version  integer not null default 0,  -- in force on the device; 0: as it was installed
    state             text not null default '' check (state in ('', 'applied', 'settling', 'rolled_back', 'refused')),
    about_version     integer not null default 0,  -- the version that the state is of
    confirm           boolean not null default false, -- whether it waits to be told that it was heard
    reasons           text[] not null default '{}',
    differs           text[] not null default '{}', -- names of settings that are not as this version sets them
    unknown           text[] not null default '{}', -- names that its firmware does not know
    unused            text[] not null default '{}', -- names that it has nothing for
    settings          jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    firmware          text not null default '',
    boot              bigint not null default 0,
    parts             text[] not null default '{}',
    faults            text[] not null default '{}', -- what its sensors failed with lately
    since             timestamptz not null default now() -- when version and state were first as they are
);

create function settings_stay() returns trigger language plpgsql as $$
begin
    raise exception '% is appended only: % is refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger setting_change_stays before update or delete on setting_change for each row execute function settings_stay();
create trigger setting_change_stays_whole before truncate on setting_change for each statement execute function settings_stay();
create trigger device_setting_version_stays before update or delete on device_setting_version
    for each row execute function settings_stay();
create trigger device_setting_version_stays_whole before truncate on device_setting_version
    for each statement execute function settings_stay();

-- Where devices connect to is changed on the server's own command line only: who has a statement of the website's login
-- can lead no device to another broker.
create function settings_of(p_settings jsonb, p_prefix text) returns jsonb language sql immutable as $$
    select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(p_settings) where starts_with(key, p_prefix)
$$;
create function broker_stays() returns trigger language plpgsql as $$
begin
    if current_user = 'cityops_api' and settings_of(new.settings, 'broker.') is distinct from settings_of(coalesce((
           select c.settings from setting_change c where c.scope = new.scope and c.target = new.target
            order by c.change_id desc limit 1), '{}'), 'broker.') then
        raise exception 'broker: where devices connect to is changed by the command cityops fleet only'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger setting_change_broker before insert on setting_change for each row execute function broker_stays();

create function settings_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('cityops_fleet', tg_table_name);
    return null;
end $$;
create trigger setting_change_told after insert on setting_change for each statement execute function settings_changed();
create trigger device_group_member_told after insert or delete on device_group_member
    for each statement execute function settings_changed();
