-- What hides the sun from a road: elevations [degrees] in equal sectors from north over east,
-- the first with its middle at north; empty: not surveyed.

alter table road_segment add column horizon_deg double precision[] not null default '{}'
    check (cardinality(horizon_deg) = 0 or cardinality(horizon_deg) between 8 and 72);
