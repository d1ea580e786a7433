-- begin_past
-- Somebody's stays in a home that are over, each once though they overlap: of what was measured to the day she moved out, of what was
-- written to the moment that was told, or until somebody else joined who came after her.
create temporary table past_who on commit drop as
select %(resident_id)s::uuid as resident_id, %(home_id)s::integer as home_id

-- begin_measured
create temporary table past_measured on commit drop as
select w.home_id, lower(r) as from_at, upper(r) as to_at
  from past_who w, lateral (
       select unnest(range_agg(tstzrange(m.from_at, m.to_at))) as r from public.household_member m
        where m.home_id = w.home_id and m.resident_id = w.resident_id and m.to_at <= now() and m.to_at > m.from_at) x

-- begin_written
create temporary table past_written on commit drop as
select w.home_id, lower(r) as from_at, upper(r) as to_at
  from past_who w, lateral (
       select unnest(range_agg(tstzrange(m.from_at, greatest(m.from_at, m.to_at, least(m.ended_at, (
              select min(n.joined_at) from public.household_member n
               where n.home_id = m.home_id and n.resident_id <> m.resident_id and n.joined_at > m.to_at))), '[]'))) as r
         from public.household_member m
        where m.home_id = w.home_id and m.resident_id = w.resident_id and m.to_at <= now()) x

-- view_frog_reading
create temporary view frog_reading as
select r.* from past_measured m join public.home_device hd on hd.home_id = m.home_id
  join public.frog_reading r on r.device_id = hd.device_id and r.ts >= m.from_at and r.ts >= hd.since and r.ts < m.to_at

-- view_damp_day
create temporary view damp_day as
select k.* from past_measured m join public.home_device hd on hd.home_id = m.home_id
  join public.damp_day k on k.home_id = m.home_id and k.device_id = hd.device_id
       and k.begins_at >= greatest(m.from_at, hd.since) and k.begins_at + interval '1 day' <= m.to_at

-- view_moisture_event
create temporary view moisture_event as
select e.* from past_measured m join public.home_device hd on hd.home_id = m.home_id
  join public.moisture_event e on e.home_id = m.home_id and e.device_id = hd.device_id
       and e.started_at >= greatest(m.from_at, hd.since) and e.ended_at <= m.to_at

-- view_damp_finding
-- With the first day that it rests on; days of the town may begin an hour or two before those of UTC.
create temporary view damp_finding as
select f.* from past_measured m join public.home_device hd on hd.home_id = m.home_id
  join public.damp_finding f on f.home_id = m.home_id and f.device_id = hd.device_id
       and (f.evidence ->> 'from_day')::date > (greatest(m.from_at, hd.since) at time zone 'UTC')::date
       and f.to_day < (m.to_at at time zone 'UTC')::date

-- view_diary_entry
create temporary view diary_entry as
select t.* from past_written m join public.diary_entry t on t.home_id = m.home_id and t.at >= m.from_at and t.at < m.to_at

-- view_consents
create temporary view consents as
select c.consent_id, c.home_id, c.device_id, d.name as device, hd.room, c.statistic, c.recipient_kind, c.recipient,
       c.from_at, c.to_at, c.given_at, g.name as given_by, case when c.revoked_at <= m.to_at then c.revoked_at end as revoked_at,
       case when c.revoked_at <= m.to_at then r.name end as revoked_by
  from past_written m
  join public.consent c on c.home_id = m.home_id and c.given_at < m.to_at and coalesce(c.revoked_at, c.to_at, 'infinity') > m.from_at
  join public.resident g on g.resident_id = c.given_by
  left join public.resident r on r.resident_id = c.revoked_by
  left join public.device d on d.device_id = c.device_id
  left join public.home_device hd on hd.device_id = c.device_id and hd.home_id = c.home_id

-- view_access_log
create temporary view access_log as
select t.* from past_written m join public.access_log t on t.home_id = m.home_id and t.at >= m.from_at and t.at <= m.to_at

-- view_household
create temporary view household as
select distinct o.member_id, o.home_id, o.resident_id, p.name, o.from_at, case when greatest(o.to_at, o.ended_at) <= m.to_at then o.to_at end as to_at,
       o.joined_at, o.joined_by, o.resident_id = w.resident_id as me
  from past_who w join past_written m using (home_id)
  join public.household_member o on o.home_id = m.home_id and o.joined_at < m.to_at and coalesce(o.to_at, 'infinity') > m.from_at
  join public.resident p on p.resident_id = o.resident_id

-- view_housing_case
create temporary view housing_case as
select t.* from past_written m join public.housing_case t on t.home_id = m.home_id and t.opened_at >= m.from_at and t.opened_at < m.to_at

-- view_case_event
create temporary view case_event as
select e.* from past_written m join public.housing_case c on c.home_id = m.home_id and c.opened_at >= m.from_at and c.opened_at < m.to_at
  join public.case_event e on e.case_id = c.case_id and e.recorded_at < m.to_at

-- view_contact_log
create temporary view contact_log as
select t.* from past_written m join public.contact_log t on t.home_id = m.home_id and t.recorded_at >= m.from_at and t.recorded_at < m.to_at

-- view_evidence_photo
create temporary view evidence_photo as
select t.* from past_written m join public.evidence_photo t on t.home_id = m.home_id and t.added_at >= m.from_at and t.added_at < m.to_at

-- view_evidence_pack
create temporary view evidence_pack as
select t.* from past_written m join public.evidence_pack t on t.home_id = m.home_id and t.made_at >= m.from_at and t.made_at < m.to_at
       and t.from_day >= m.from_at::date

-- view_home_contact
create temporary view home_contact as
select t.* from past_who w join past_written m using (home_id)
  join public.home_contact t on t.home_id = m.home_id and t.set_by = w.resident_id and t.set_at >= m.from_at and t.set_at < m.to_at

-- my_audit
-- Instead of the resident's own: who she is, and when, stands in the tables above.
select l.* from past_who w join past_written m using (home_id)
 cross join lateral audit_of_resident(w.resident_id, w.home_id, m.from_at, m.to_at, %(before)s, %(limit)s) l
 where w.home_id = %(home_id)s order by l.entry_id desc limit %(limit)s
