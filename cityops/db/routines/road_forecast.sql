-- Days of road forecasts (0021): made before an issue is written, dropped when they are too old.

-- Attaching a finished table stops nobody who reads; the lock lets two forecasters ask at once.
create or replace function ensure_road_forecast_day(p_at timestamptz) returns void language plpgsql as $$
declare
    day timestamp := date_trunc('day', p_at at time zone 'UTC');
    part text := 'road_forecast' || to_char(day, '"_"YYYY"_"MM"_"DD');
begin
    if to_regclass(quote_ident(part)) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('cityops.road_forecast_day'));
    if to_regclass(quote_ident(part)) is null then
        execute format('create table %I (like road_forecast including all)', part);
        execute format('alter table road_forecast attach partition %I for values from (%L) to (%L)',
            part, day at time zone 'UTC', (day + interval '1 day') at time zone 'UTC');
    end if;
end $$;

-- Drops the days that ended before a time, but that of the newest issue; returns how many.
create or replace function drop_road_forecast_days(p_before timestamptz) returns integer language plpgsql as $$
declare
    part text;
    dropped integer := 0;
    kept timestamptz := least(p_before, coalesce((select max(issued_at) from road_forecast_issue), p_before));
begin
    for part in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'road_forecast'::regclass
          and c.relname < 'road_forecast' || to_char(kept at time zone 'UTC', '"_"YYYY"_"MM"_"DD')
        order by c.relname
    loop
        execute format('drop table %I', part);
        dropped := dropped + 1;
    end loop;
    return dropped;
end $$;
