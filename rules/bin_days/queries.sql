-- lock
select pg_advisory_xact_lock(hashtext('cityops.bin_days'))

-- rounds
select round_id, label, lorries, ends_min, services, extract(epoch from made_at)::float8 as made_s
from bin_round where %(rounds)s::text[] is null or round_id = any (%(rounds)s::text[]) order by round_id

-- changes
select day, to_day as "to", reason, round_id, stream from bin_change
where round_id is null or %(rounds)s::text[] is null or round_id = any (%(rounds)s::text[])
order by day, round_id nulls first, stream nulls first

-- revisions
select round_id, original, day, reason, sequence, service, extract(epoch from changed_at)::float8 as changed_s
from bin_revision where %(rounds)s::text[] is null or round_id = any (%(rounds)s::text[])
order by round_id, stream, original

-- one_premises
select uprn, address, rounds, latitude_deg, longitude_deg from premises where uprn = %(uprn)s

-- many_premises
select uprn, address, rounds, latitude_deg, longitude_deg from premises where uprn = any (%(uprns)s::bigint[]) order by uprn

-- find
select uprn, address, rounds, latitude_deg, longitude_deg from premises where words @> %(words)s::text[]
order by uprn limit %(limit)s

-- all_words
select distinct unnest(words) as word from premises

-- count
select count(*) as premises from premises

-- drop_changes
delete from bin_change

-- drop_revisions
delete from bin_revision

-- drop_rounds
delete from bin_round where round_id <> all (%(rounds)s::text[])

-- put_rounds
insert into bin_round (round_id, label, lorries, ends_min, services, made_at)
select r.round_id, r.label, r.lorries, r.ends_min, r.services, to_timestamp(r.made_s)
from jsonb_to_recordset(%(rows)s::jsonb) as r(round_id text, label text, lorries text[], ends_min smallint, services jsonb,
                                              made_s float8)
on conflict (round_id) do update
   set label = excluded.label, lorries = excluded.lorries, ends_min = excluded.ends_min, services = excluded.services

-- put_changes
insert into bin_change (day, to_day, reason, round_id, stream)
select r.day, r."to", r.reason, r.round_id, r.stream
from jsonb_to_recordset(%(rows)s::jsonb) as r(day date, "to" date, reason text, round_id text, stream text)

-- put_revisions
insert into bin_revision (round_id, stream, original, day, reason, sequence, service, changed_at)
select r.round_id, r.service ->> 'stream', r.original, r.day, r.reason, r.sequence, r.service, to_timestamp(r.changed_s)
from jsonb_to_recordset(%(rows)s::jsonb) as r(round_id text, original date, day date, reason text, sequence integer,
                                              service jsonb, changed_s float8)

-- drop_premises
delete from premises p
where not exists (select from jsonb_to_recordset(%(rows)s::jsonb) as r(uprn bigint) where r.uprn = p.uprn)

-- put_premises
insert into premises (uprn, address, words, rounds, latitude_deg, longitude_deg)
select r.uprn, r.address, r.words, r.rounds, r.latitude_deg, r.longitude_deg
from jsonb_to_recordset(%(rows)s::jsonb) as r(uprn bigint, address text, words text[], rounds text[], latitude_deg float8,
                                              longitude_deg float8)
on conflict (uprn) do update
   set address = excluded.address, words = excluded.words, rounds = excluded.rounds, latitude_deg = excluded.latitude_deg,
       longitude_deg = excluded.longitude_deg

-- has_lorries
select to_regclass('lorry_reading') is not null as there

-- track
select d.name, extract(epoch from r.ts)::float8, r.latitude_deg::float8, r.longitude_deg::float8, r.speed_m_s::float8
from lorry_reading r join device d using (device_id)
where r.ts >= to_timestamp(%(from_s)s) and r.ts < to_timestamp(%(to_s)s)
  and (cardinality(%(lorries)s::text[]) = 0 or d.name = any (%(lorries)s::text[]))
order by d.name, r.ts

-- waiting_for
select count(*) as waiting from bin_reminder
where channel = %(channel)s and address = %(address)s and confirmed_at is null and uprn <> %(uprn)s

-- known_reminder
select reminder_id from bin_reminder where channel = %(channel)s and address = %(address)s and uprn = %(uprn)s

-- ask
insert into bin_reminder (uprn, channel, address, evening, morning, code, asked_at)
values (%(uprn)s, %(channel)s, %(address)s, %(evening)s, %(morning)s, %(code)s, to_timestamp(%(now_s)s))
on conflict (uprn, channel, address) do update
   set asked_at = excluded.asked_at,
       evening = case when bin_reminder.confirmed_at is null then excluded.evening else bin_reminder.evening end,
       morning = case when bin_reminder.confirmed_at is null then excluded.morning else bin_reminder.morning end
returning reminder_id, uprn, channel, evening, morning, code, confirmed_at is not null as confirmed

-- by_code
select reminder_id, uprn, channel, evening, morning, code, confirmed_at is not null as confirmed
from bin_reminder where code = %(code)s

-- confirm
update bin_reminder set confirmed_at = coalesce(confirmed_at, to_timestamp(%(now_s)s)) where code = %(code)s
returning reminder_id, uprn, channel, evening, morning, code, true as confirmed

-- end
delete from bin_reminder where code = %(code)s returning reminder_id

-- confirmed
select reminder_id, uprn, channel, evening, morning, code, true as confirmed
from bin_reminder where confirmed_at is not null order by reminder_id

-- forget_unconfirmed
delete from bin_reminder where confirmed_at is null and asked_at < to_timestamp(%(before_s)s) returning reminder_id
