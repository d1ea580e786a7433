-- Entities of OGC SensorThings beside the registry (docs/adr/032): seven small tables; no observation is copied.
--
-- Filled by sta_sync() (routines/sensorthings.sql) from devices and kinds, and by who may create through the API.
-- Read by cityops_open through the schema sta_open and by cityops_resident through my; written by cityops_api, which
-- policies keep from what is a household's.

create table sta_property (
    property_id integer generated always as identity primary key,
    name        text not null,
    definition  text not null,
    description text not null,
    properties  jsonb not null default '{}',
    title       text unique               -- of the fields of kinds that measure it; null: made by people
);

create table sta_sensor (
    sensor_id   integer generated always as identity primary key,
    name        text not null,
    description text not null,
    encoding    text not null,
    metadata    jsonb not null,
    properties  jsonb not null default '{}',
    kind        text unique               -- null: made by people
);

create table sta_thing (
    thing_id    integer generated always as identity primary key,
    name        text not null,
    description text not null,
    properties  jsonb not null default '{}',
    device_id   integer unique references device on delete cascade,
    private     boolean not null default false
);

create table sta_location (
    location_id integer generated always as identity primary key,
    name        text not null,
    description text not null,
    encoding    text not null default 'application/geo+json',
    location    jsonb not null,
    properties  jsonb not null default '{}',
    device_id   integer unique references device on delete cascade,
    private     boolean not null default false
);

create table sta_thing_location (
    thing_id    integer not null references sta_thing on delete cascade,
    location_id integer not null references sta_location on delete cascade,
    primary key (thing_id, location_id)
);
create index sta_thing_location_back on sta_thing_location (location_id);

create table sta_history (
    history_id   integer generated always as identity primary key,
    thing_id     integer not null references sta_thing on delete cascade,
    at           timestamptz not null,
    location_ids integer[] not null
);
create index sta_history_thing on sta_history (thing_id);
create index sta_history_locations on sta_history using gin (location_ids);

create table sta_feature (
    feature_id  integer generated always as identity primary key,
    name        text not null,
    description text not null,
    encoding    text not null,
    feature     jsonb not null,
    properties  jsonb not null default '{}',
    location_id integer unique references sta_location on delete set null,  -- whose place it was made from
    device_id   integer unique references device on delete cascade,
    private     boolean not null default false
);

create table sta_datastream (
    datastream_id    integer generated always as identity primary key check (datastream_id < 1048576),
    thing_id         integer not null references sta_thing on delete cascade,
    sensor_id        integer not null references sta_sensor,
    property_id      integer not null references sta_property,
    device_id        integer references device on delete cascade,  -- null: made by people
    source_id        integer not null generated always as (coalesce(device_id, -datastream_id)) stored,
    kind             text not null,
    field            text not null,
    name             text not null,
    description      text not null,
    unit             jsonb not null,
    observation_type text not null,
    properties       jsonb not null default '{}',
    area_id          integer references sta_location on delete set null,
    feature_id       integer references sta_feature on delete set null,
    private          boolean not null default false,
    unique (device_id, field)
);
create index sta_datastream_thing on sta_datastream (thing_id);
create index sta_datastream_feature on sta_datastream (feature_id);
create index sta_datastream_property on sta_datastream (property_id);
create index sta_datastream_sensor on sta_datastream (sensor_id);
-- The order in which all observations are read.
create index sta_datastream_open on sta_datastream (datastream_id) include (source_id, kind, field, feature_id) where not private;

-- Numbers of datastreams that people made, in the shape of readings: device_id is the datastream's number, negated.
create table other_reading (
    ts          timestamptz not null,
    device_id   integer not null,
    seq         bigint not null default 0,
    boot        bigint not null default 0,
    value       double precision not null,
    quality     smallint not null default 0,
    received_at timestamptz not null
);
create index other_reading_device_ts on other_reading (device_id, ts desc);
create index other_reading_received on other_reading using brin (received_at) with (pages_per_range = 32, autosummarize = on);
do $$ begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        perform create_hypertable('other_reading', by_range('ts', interval '30 days'), create_default_indexes => false);
    end if;
end $$;

-- What was given with an observation beside its time and its result; of most there is nothing.
create table sta_extra (
    datastream_id integer not null references sta_datastream on delete cascade,
    ts            timestamptz not null,
    result_time   timestamptz,
    valid_since   timestamptz,
    valid_until   timestamptz,
    quality       jsonb,
    parameters    jsonb,
    feature_id    integer references sta_feature on delete set null,
    primary key (datastream_id, ts)
);
create index sta_extra_feature on sta_extra (feature_id) where feature_id is not null;

-- The website's role neither sees nor makes what is a household's (policies: routines/sensorthings.sql).
alter table sta_thing enable row level security;
alter table sta_location enable row level security;
alter table sta_feature enable row level security;
alter table sta_datastream enable row level security;
alter table sta_thing_location enable row level security;
alter table sta_history enable row level security;

-- How far readings have been looked through for fields that a device had not sent before.
create table sta_looked (
    kind text primary key,
    at   timestamptz not null
);

-- What is a household's is hidden with everything made of it, by people too: datastreams of its thing, places where no other one is.
create function sta_hide_all() returns void
language sql security definer set search_path = public, pg_temp as $$
    update sta_thing t set private = true from device d where d.device_id = t.device_id and d.private and not t.private;
    update sta_datastream s set private = true from sta_thing t where t.thing_id = s.thing_id and t.private and not s.private;
    update sta_location l set private = true
     where not l.private
       and exists (select from sta_thing_location x join sta_thing t using (thing_id) where x.location_id = l.location_id and t.private)
       and not exists (select from sta_thing_location x join sta_thing t using (thing_id) where x.location_id = l.location_id and not t.private);
    update sta_location l set private = true from device d where d.device_id = l.device_id and d.private and not l.private;
    update sta_feature f set private = true from device d where d.device_id = f.device_id and d.private and not f.private;
    update sta_feature f set private = true from sta_location l where l.location_id = f.location_id and l.private and not f.private;
$$;

-- In the transaction in which a device becomes a household's; never the way back.
create function sta_hide() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform sta_hide_all();
    return new;
end $$;
create trigger sta_hide after update of private on device
    for each row when (new.private and not old.private) execute function sta_hide();
