-- Weather forecasts as they were given: what was said, for where, by whom, when. Nothing is rewritten: a correction is a row of its own.

create table weather_forecast (
    forecast_id        bigint generated always as identity primary key,
    place              text not null,
    latitude_deg       double precision not null check (latitude_deg between -90 and 90),
    longitude_deg      double precision not null check (longitude_deg between -180 and 180),
    altitude_m         double precision,
    source             text not null,
    issued_at          timestamptz not null,
    from_at            timestamptz not null, -- the first hour; the others follow one hour after another
    hours              integer not null check (hours between 2 and 480),
    -- One value an hour, NaN where it is not given; amounts and radiation are of the hour that ends then.
    air_c              double precision[] not null,
    dew_point_c        double precision[] not null,
    wind_m_s           double precision[] not null,
    cloud              double precision[] not null,
    precipitation_mm_h double precision[] not null,
    snow_mm_h          double precision[] not null,
    pressure_hpa       double precision[] not null,
    shortwave_w_m2     double precision[],
    longwave_w_m2      double precision[],
    digest             text not null unique, -- of all that it says: the same forecast is kept once
    received_at        timestamptz not null default now(),
    by                 text not null
);
create index weather_forecast_newest on weather_forecast (place, source, issued_at desc, forecast_id desc);
create index weather_forecast_issued on weather_forecast (issued_at);
