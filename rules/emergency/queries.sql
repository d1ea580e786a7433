-- states
select s.segment_id, st.state ->> 'state' as state, extract(epoch from st.at)::float8 as at_s
from road_segment s join subject_state st on st.subject_kind = 'segment' and st.subject = s.segment_id

-- ice
-- Of the newest issue that is no older than the catalogue's forecasts may be: the hour it is.
select forecast_id, extract(epoch from issued_at)::float8 as issued_s from road_forecast_issue
where issued_at <= to_timestamp(%(now_s)s) and issued_at > to_timestamp(%(now_s)s - %(fresh_s)s::float8)
order by issued_at desc limit 1

-- roster
select roster::text as roster from emergency_roster order by roster_id desc limit 1

-- add_roster
insert into emergency_roster (roster, by, reason) values (%(roster)s::jsonb, %(by)s, %(reason)s)
