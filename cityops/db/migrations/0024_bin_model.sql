-- Kinds of bins with their sensors, and what rounds ask of a bin. A profile is (share of the height, share of the volume).

create table bin_model (
    model_id           text primary key,
    label              text not null default '',
    empty_distance_mm  double precision not null,
    full_distance_mm   double precision not null,
    capacity_l         double precision not null check (capacity_l > 0),
    blind_mm           double precision not null default 30 check (blind_mm >= 0),
    profile            jsonb not null default '[]',
    device_compensates boolean not null default true,
    sentinels_mm       double precision[] not null default '{}',
    step_pct           double precision not null default 0 check (step_pct >= 0),
    check (empty_distance_mm > full_distance_mm)
);

alter table bin_site
    add column model text references bin_model,
    add column place text not null default '',
    add column sensitive boolean not null default false,
    add column service_s double precision not null default 60 check (service_s >= 0);
