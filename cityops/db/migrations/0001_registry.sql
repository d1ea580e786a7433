-- Devices and the places they watch. Filled by ingest.registry_store.

create table device (
    device_id     integer generated always as identity primary key,
    name          text not null unique
                  check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    kind          text not null,
    shard         smallint not null check (shard between 0 and 255),
    label         text not null default '',
    latitude_deg  double precision check (latitude_deg between -90 and 90),
    longitude_deg double precision check (longitude_deg between -180 and 180),
    cadence_s     integer not null default 300 check (cadence_s > 0),
    installed_at  timestamptz not null,
    retired_at    timestamptz
);
create index device_kind on device (kind);

create table home (
    home_id            integer generated always as identity primary key,
    code               text not null unique,
    label              text not null,
    temperature_factor double precision not null default 0.70
                       check (temperature_factor > 0 and temperature_factor <= 1),
    occupants          smallint not null default 2 check (occupants >= 0)
);

create table home_device (
    device_id integer primary key references device,
    home_id   integer not null references home,
    room      text not null default ''
);
create index home_device_home on home_device (home_id);

create table road_node (
    node_id       integer primary key,
    latitude_deg  double precision not null,
    longitude_deg double precision not null
);

create table depot (
    depot_id text primary key,
    label    text not null,
    node_id  integer not null references road_node,
    salt_t   double precision not null default 0
);

create table gritting_route (
    route_id text primary key,
    label    text not null,
    depot_id text not null references depot,
    priority smallint not null default 1
);

create table road_segment (
    segment_id      text primary key,
    street          text not null,
    road_class      text not null check (road_class in ('A', 'B', 'C', 'U')),
    from_node       integer not null references road_node,
    to_node         integer not null references road_node,
    length_m        double precision not null check (length_m > 0),
    width_m         double precision not null check (width_m > 0),
    one_way         boolean not null default false,
    bus_route       boolean not null default false,
    bridge          boolean not null default false,
    sky_view_factor double precision not null default 0.9,
    altitude_m      double precision not null default 0,
    route_id        text references gritting_route,
    device_id       integer references device,
    geometry        jsonb not null default '[]'   -- [[longitude, latitude], ...]
);
create index road_segment_route on road_segment (route_id);
create index road_segment_device on road_segment (device_id);

create table bin_site (
    bin_id            text primary key,
    device_id         integer not null unique references device,
    label             text not null,
    street            text not null,
    latitude_deg      double precision not null,
    longitude_deg     double precision not null,
    stream            text not null default 'litter',
    empty_distance_mm double precision not null,
    full_distance_mm  double precision not null,
    capacity_l        double precision not null,
    threshold_pct     double precision not null default 80,
    max_age_days      double precision not null default 14,
    check (empty_distance_mm > full_distance_mm)
);
