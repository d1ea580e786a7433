-- Road forecasts by day of issue: a county writes half a million rows a day, and a day goes by dropping its part. And the
-- print of the road network, kept as roads change.

alter table road_forecast rename to road_forecast_whole;
alter table road_forecast_whole rename constraint road_forecast_pkey to road_forecast_whole_pkey;
drop view road_forecast_hour;

-- No reference to the issue: it would lock the issues whenever a day is added or dropped. Both are written in one
-- transaction; rows whose issue is gone are nobody's until their day is dropped.
create table road_forecast (
    forecast_id bigint not null,
    issued_at   timestamptz not null, -- of the issue
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
    primary key (forecast_id, segment_id, issued_at)
) partition by range (issued_at);

do $$
declare
    day date;
begin
    for day in select distinct (issued_at at time zone 'UTC')::date from road_forecast_issue loop
        execute format('create table %I partition of road_forecast for values from (%L) to (%L)',
            'road_forecast' || to_char(day, '"_"YYYY"_"MM"_"DD'),
            day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    end loop;
end $$;

insert into road_forecast
select f.forecast_id, i.issued_at, f.segment_id, f.surface_c, f.deviation_c, f.source, f.condition, f.water_mm, f.salt_g_m2,
       f.off_c, f.hours
from road_forecast_whole f join road_forecast_issue i using (forecast_id);

drop table road_forecast_whole;

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
from road_forecast f join road_forecast_issue i using (forecast_id, issued_at) cross join generate_series(1, 24) as h(hour);

-- The print differs where a stretch came, went, moved or changed its name or route: what a map is drawn of. A sum, so that
-- what a statement changed is added and taken away, and nobody hashes a county to learn that nothing did.
create table road_map_print (
    only_one  boolean primary key default true check (only_one),
    stretches bigint not null,
    print     numeric not null
);

create function road_print(segment_id text, street text, route_id text, geometry jsonb) returns numeric
language sql immutable as $$
    select hashtextextended(segment_id || ' ' || street || ' ' || coalesce(route_id, '') || geometry::text, 0)::numeric
$$;

insert into road_map_print (stretches, print)
select count(*), coalesce(sum(road_print(segment_id, street, route_id, geometry)), 0) from road_segment;

create function road_map_changed() returns trigger language plpgsql as $$
declare
    more bigint := 0;
    added numeric := 0;
    gone bigint := 0;
    taken numeric := 0;
begin
    if tg_op = 'TRUNCATE' then
        update road_map_print set stretches = 0, print = 0;
        return null;
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        select count(*), coalesce(sum(road_print(segment_id, street, route_id, geometry)), 0) into more, added from now_there;
    end if;
    if tg_op in ('UPDATE', 'DELETE') then
        select count(*), coalesce(sum(road_print(segment_id, street, route_id, geometry)), 0) into gone, taken from was_there;
    end if;
    if more <> gone or added <> taken then
        update road_map_print set stretches = stretches + more - gone, print = print + added - taken;
    end if;
    return null;
end $$;

create trigger road_map_added after insert on road_segment
    referencing new table as now_there for each statement execute function road_map_changed();
create trigger road_map_altered after update on road_segment
    referencing old table as was_there new table as now_there for each statement execute function road_map_changed();
create trigger road_map_removed after delete on road_segment
    referencing old table as was_there for each statement execute function road_map_changed();
create trigger road_map_emptied after truncate on road_segment
    for each statement execute function road_map_changed();
