-- Road networks that are imported from maps: what routes need to know of a road, and which map it is of.

-- Maps number nodes beyond 32 bits.
alter table road_node alter column node_id type bigint;
alter table depot alter column node_id type bigint;
alter table road_segment alter column from_node type bigint, alter column to_node type bigint;

create table road_network (
    network_id  text primary key check (network_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    source      text not null,               -- name of the file
    format      text not null,
    checksum    text not null,               -- SHA-256 of the file, hexadecimal
    attribution text not null default '',
    imported_at timestamptz not null,
    summary     jsonb not null               -- counts, and what was found on the way
);

alter table road_node
    add column turning_place boolean not null default false,
    add column network_id text references road_network;

alter table road_segment
    add column ref text not null default '',
    add column lanes smallint check (lanes between 1 and 20),
    add column carriageway text not null default 'single'
        check (carriageway in ('single', 'dual', 'roundabout', 'slip')),
    add column speed_km_h double precision check (speed_km_h > 0),
    add column max_weight_t double precision check (max_weight_t > 0),
    add column max_height_m double precision check (max_height_m > 0),
    add column max_width_m double precision check (max_width_m > 0),
    add column network_id text references road_network;
create index road_segment_network on road_segment (network_id);
create index road_segment_from on road_segment (from_node);
create index road_segment_to on road_segment (to_node);

create table turn_ban (
    ban_id       text primary key,
    from_segment text not null references road_segment on delete cascade,
    via_node     bigint not null references road_node,
    to_segment   text not null references road_segment on delete cascade
);
create index turn_ban_from on turn_ban (from_segment);
create index turn_ban_to on turn_ban (to_segment);
create index turn_ban_via on turn_ban (via_node);
