-- The running forecast of road surfaces: issues, each a table of segments by hours, and what stretches were learnt to differ by.

create table road_forecast_issue (
    forecast_id       bigint generated always as identity primary key,
    issued_at         timestamptz not null unique, -- event time: what was measured up to it is in it
    available_at      timestamptz not null,        -- event time when it was stored: the rules take it there
    received_at       timestamptz not null unique, -- its row in ingest_batch, in whose order the rules take it
    weather           text not null check (weather in ('forecast', 'stations')),
    weather_id        bigint,                      -- of the weather forecast
    weather_source    text not null default '',
    weather_issued_at timestamptz,
    members           smallint not null,
    sensors           jsonb not null default '[]', -- what its neighbours say of each road sensor: [{device, segment_id, error_c, wrong}]
    limit_c           double precision not null,   -- an error beyond it is wrong
    segments          integer not null,
    created_at        timestamptz not null default now()
);
create index road_forecast_available on road_forecast_issue (available_at);

create table road_forecast (
    forecast_id bigint not null references road_forecast_issue on delete cascade,
    segment_id  text not null,        -- no reference: a stretch that is taken away leaves what was forecast of it
    surface_c   real not null,        -- at issued_at
    deviation_c real not null,        -- its standard deviation
    source      text not null,        -- what it is known from: sensor, gritter, neighbours or model
    condition   text not null,        -- dry, damp, wet, hoar, ice or snow
    water_mm    real not null,
    salt_g_m2   real not null,        -- residual
    off_c       real,                 -- by how much its own sensor is wrong; null: it is not, or there is none
    -- quantities (rules.core.road_now.table) by hours 1 to 24 after the issue, in whole numbers; -32768: not known
    hours       smallint[] not null,
    primary key (forecast_id, segment_id)
);

create view road_forecast_hour as
select f.forecast_id, f.segment_id, i.issued_at, h.hour, i.issued_at + h.hour * interval '1 hour' as at,
       nullif(f.hours[1][h.hour], -32768) / 100.0 as low_c,
       nullif(f.hours[2][h.hour], -32768) / 100.0 as middle_c,
       nullif(f.hours[3][h.hour], -32768) / 100.0 as high_c,
       nullif(f.hours[4][h.hour], -32768) / 10000.0 as below_zero,
       nullif(f.hours[5][h.hour], -32768) / 10000.0 as ice,
       nullif(f.hours[6][h.hour], -32768) / 1000.0 as film_mm,
       nullif(f.hours[7][h.hour], -32768) / 1000.0 as deposit_mm,
       nullif(f.hours[8][h.hour], -32768) / 100.0 as rain_mm_h,
       nullif(f.hours[9][h.hour], -32768) / 100.0 as snow_mm_h
from road_forecast f join road_forecast_issue i using (forecast_id) cross join generate_series(1, 24) as h(hour);

-- Thermal mapping: what was measured on a stretch beyond what model and neighbours say, by weather type.
create table thermal_map (
    segment_id   text not null,
    weather_type text not null check (weather_type in ('extreme', 'intermediate', 'damped')),
    nights       double precision not null, -- so many nights' worth
    sum_c        double precision not null,
    primary key (segment_id, weather_type)
);
