-- bins
select b.bin_id, b.label, b.street, b.latitude_deg, b.longitude_deg, b.stream, b.capacity_l,
       b.threshold_pct, b.max_age_days, d.name as device, st.at, st.state
from bin_site b
join device d using (device_id)
left join subject_state st on st.subject_kind = 'bin' and st.subject = b.bin_id
where (%(bin_id)s::text is null or b.bin_id = %(bin_id)s)
order by b.bin_id

-- bin_events
select event_id, kind, at, detail from event
where subject_kind = 'bin' and subject = %(bin_id)s order by at desc limit %(limit)s

-- bin_statement
-- The statement of a month, or the newest.
select month, statement from bin_statement
where %(month)s::date is null or month = %(month)s::date
order by month desc limit 1

-- bin_statements
select month from bin_statement order by month desc
