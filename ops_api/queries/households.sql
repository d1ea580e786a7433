-- session_by_token
-- A session that holds, its resident, and the homes where that one lives now, the newest first.
select s.session_id, s.resident_id, r.name, s.rotated_at, s.seen_at, s.token_hash = %(hash)s as newest,
       s.old_hash is not null and s.old_until is null as unseen,
       coalesce((
           select jsonb_agg(jsonb_build_object('home_id', h.home_id, 'code', h.code, 'label', h.label)
                            order by m.joined_at desc, m.member_id)
             from household_member m join home_named h using (home_id)
            where m.resident_id = s.resident_id and (m.to_at is null or m.to_at > now())), '[]') as homes
from resident_session s join resident r using (resident_id)
where (s.token_hash = %(hash)s or s.old_hash = %(hash)s and (s.old_until is null or s.old_until > now()))
  and s.revoked_at is null and s.expires_at > now()

-- session_seen
-- The successor of a token was seen: the token before it holds a minute longer, for requests on their way.
update resident_session
   set seen_at = now(),
       old_until = case when token_hash = %(hash)s and old_until is null then now() + interval '1 minute' else old_until end
 where session_id = %(session_id)s

-- session_rotate
-- Who still shows the old token has not got the new one: it gets another.
update resident_session
   set old_hash = %(hash)s, old_until = null, token_hash = %(new)s, rotated_at = now(), seen_at = now(),
       expires_at = now() + %(life)s
 where session_id = %(session_id)s and revoked_at is null
   and (token_hash = %(hash)s or old_hash = %(hash)s and old_until is null)
returning session_id

-- session_add
insert into resident_session (resident_id, token_hash, expires_at)
values (%(resident_id)s, %(hash)s, now() + %(life)s) returning session_id

-- session_add_living
-- For who lives somewhere: a passkey of somebody who has moved out opens nothing.
insert into resident_session (resident_id, token_hash, expires_at)
select %(resident_id)s, %(hash)s, now() + %(life)s
 where exists (select from household_member m
                where m.resident_id = %(resident_id)s and (m.to_at is null or m.to_at > now()))
returning session_id

-- session_end
update resident_session set revoked_at = now() where session_id = %(session_id)s and revoked_at is null

-- sessions_end
-- Of a resident: of everybody who lives nowhere more where only_homeless.
update resident_session s set revoked_at = now()
 where s.resident_id = %(resident_id)s and s.revoked_at is null
   and (not %(only_homeless)s or not exists (
       select from household_member m where m.resident_id = s.resident_id and (m.to_at is null or m.to_at > now())))

-- sessions_count
select count(*) as sessions from resident_session
where resident_id = %(resident_id)s and revoked_at is null and expires_at > now()

-- join_tries
select coalesce(sum(tries), 0)::integer as tries from join_try
where source = %(source)s and hour = date_trunc('hour', now())

-- join_tried
insert into join_try as t (source, hour, tries) values (%(source)s, date_trunc('hour', now()), 1)
on conflict (source, hour) do update set tries = t.tries + 1

-- join_tries_forget
delete from join_try where hour < now() - interval '2 days'

-- join_code_open
-- The code's home, where it opens one. Whoever tried too often is held to codes that nobody guesses.
select c.join_code_id, c.home_id, c.kind, h.code, h.label
from join_code c join home_named h using (home_id)
where c.code_hash = join_code_hash(%(typed)s) and c.revoked_at is null
  and (c.expires_at is null or c.expires_at > now()) and (c.uses is null or c.used < c.uses)
  and (c.strong or not %(limited)s)

-- join_code_use
update join_code set used = used + 1
where join_code_id = %(join_code_id)s and revoked_at is null and (uses is null or used < uses)
returning join_code_id

-- resident_add
-- Without a name: "Person 2" where one lives there, or the next number that none of them has.
with there as (
    select r.name from household_member m join resident r using (resident_id)
     where m.home_id = %(home_id)s and (m.to_at is null or m.to_at > now())
), others as (select count(*) as people from there)
insert into resident (name) values (coalesce(%(name)s::text, (
    select 'Person ' || min(n) from others, generate_series(people + 1, 2 * people + 1) n
     where 'Person ' || n not in (select name from there)))) returning resident_id, name

-- resident_rename
update resident set name = %(name)s where resident_id = %(resident_id)s

-- member_now
select member_id from household_member
where home_id = %(home_id)s and resident_id = %(resident_id)s and (to_at is null or to_at > now())

-- lock_home
-- Who joins and who leaves a home comes one after the other: each sees who is there. Who waited here has an older now() than
-- who left meanwhile: whether somebody is still there is asked by the clock.
select lock_home(%(home_id)s)

-- member_add
insert into household_member (home_id, resident_id, from_at, joined_by)
select home_id, %(resident_id)s::uuid, stay_from(join_code_id, %(resident_id)s::uuid, %(now)s), kind
from join_code where join_code_id = %(join_code_id)s
returning member_id

-- member_leave
-- ended_at is after all that this transaction writes: the line in the log is of the household that ends.
update household_member
   set to_at = greatest(from_at, least(coalesce(%(at)s::timestamptz, now()), now())), ended_at = clock_timestamp()
where home_id = %(home_id)s and resident_id = %(resident_id)s and (to_at is null or to_at > now())
returning member_id

-- consents_end
update consent set revoked_at = now(), revoked_by = %(resident_id)s
where home_id = %(home_id)s and given_by = %(resident_id)s and revoked_at is null

-- reminders_end
-- Where who left was reminded; and all of the home where nobody lives any more.
delete from home_contact
where home_id = %(home_id)s
  and (set_by = %(resident_id)s or not exists (
      select from household_member m where m.home_id = %(home_id)s and (m.to_at is null or m.to_at > clock_timestamp())))

-- reminders_stop
-- What waits to be sent to a household that is gone is sent to nobody.
update notification set state = 'suppressed'
where recipient = 'home:' || %(home_id)s::integer and state = 'pending' and not exists (
    select from household_member m where m.home_id = %(home_id)s and (m.to_at is null or m.to_at > clock_timestamp()))

-- codes_end
-- Labels, which who left has read; who left's invitations; and all of a home where nobody lives any more.
update join_code set revoked_at = now()
where home_id = %(home_id)s and revoked_at is null
  and (kind = 'label' or invited_by = %(resident_id)s or not exists (
      select from household_member m where m.home_id = %(home_id)s and (m.to_at is null or m.to_at > clock_timestamp())))

-- invite_add
insert into join_code (home_id, code_hash, kind, hint, strong, member_from, invited_by, expires_at, uses)
select m.home_id, join_code_hash(%(code)s), 'invite', %(hint)s, true, case when %(all_of_it)s then m.from_at end,
       m.resident_id, now() + interval '7 days', 1
from household_member m
where m.home_id = %(home_id)s and m.resident_id = %(resident_id)s and (m.to_at is null or m.to_at > now())
returning expires_at

-- label_add
-- A label of its own makes the ones before it void. From when a stay counts that begins with it is found when it is used: stay_from().
with before as (
    update join_code set revoked_at = now() where home_id = %(home_id)s and kind = 'label' and revoked_at is null
)
insert into join_code (home_id, code_hash, kind, hint, strong, member_from, expires_at, uses)
values (%(home_id)s, join_code_hash(%(code)s), 'label', %(hint)s, true, %(from_at)s::timestamptz,
        now() + make_interval(days => %(days)s::integer), %(uses)s::integer)

-- homes_of
select home_id, code, label from home where %(code)s::text is null or code = %(code)s order by home_id

-- people_of
select m.resident_id, r.name, nullif(m.from_at, '-infinity') as from_at, m.joined_at, m.joined_by
from household_member m join resident r using (resident_id)
where m.home_id = %(home_id)s and (m.to_at is null or m.to_at > now()) order by m.joined_at

-- people_ever
-- Who lived there, too, as long as anything is kept of them.
select m.resident_id, r.name, nullif(min(m.from_at), '-infinity') as from_at, min(m.joined_at) as joined_at,
       case when not bool_or(m.to_at is null or m.to_at > now()) then max(m.to_at) end as to_at
from household_member m join resident r using (resident_id)
where m.home_id = %(home_id)s group by m.resident_id, r.name order by min(m.joined_at)

-- past_home
-- A home, and what the others called who lived there.
select h.code, h.label, r.name from home h, resident r where h.home_id = %(home_id)s and r.resident_id = %(resident_id)s

-- access_add
insert into access_log (home_id, who, role, what, purpose)
values (%(home_id)s, %(who)s, %(role)s, %(what)s, %(purpose)s)

-- erasure_ask
select erasure_ask(%(home_id)s, %(resident_id)s::uuid, %(forget)s) as erasure_id

-- erasure_receipt
select erasure_id, asked_at, done_at, deleted, kept from erasure_receipt(%(erasure_id)s::uuid)

-- my_household
-- As the resident: who lives there, and lived there since she came.
select member_id, name, nullif(from_at, '-infinity') as from_at, to_at, joined_at, joined_by, me from household
where home_id = %(home_id)s order by to_at nulls first, joined_at, member_id

-- my_consents
select consent_id, device, room, statistic, recipient_kind, recipient, nullif(from_at, '-infinity') as from_at, to_at, given_at, given_by, revoked_at, revoked_by
from consents where home_id = %(home_id)s order by revoked_at desc nulls first, given_at desc, consent_id

-- my_landlord
-- Whether the council is the landlord, as far as it has said so in a case of her stay.
select exists (select from housing_case where home_id = %(home_id)s and council_owned) as council

-- council_sees
-- What the housing team would read of the home now.
select label, risk, room from council_sees() where home_id = %(home_id)s

-- consent_add
-- From now, or from an earlier day of her own stay.
insert into consent (home_id, device_id, statistic, recipient_kind, recipient, from_at, to_at, given_by)
select m.home_id, d.device_id, %(statistic)s, %(recipient_kind)s, %(recipient)s,
       greatest(m.from_at, coalesce(%(from_at)s::timestamptz, %(now)s)), %(to_at)s::timestamptz, m.resident_id
from household_member m
left join (home_device hd join device d using (device_id)) on hd.home_id = m.home_id and d.name = %(device)s
where m.home_id = %(home_id)s and (m.to_at is null or m.to_at > now()) and (%(device)s::text is null or d.device_id is not null)
returning consent_id

-- consent_same
-- One that holds already.
select consent_id from consent
where home_id = %(home_id)s and statistic = %(statistic)s and recipient_kind = %(recipient_kind)s and recipient = %(recipient)s
  and device_id is not distinct from (select device_id from device where name = %(device)s)
  and to_at is not distinct from %(to_at)s and revoked_at is null and from_at <= %(now)s limit 1

-- consent_revoke
update consent set revoked_at = now(), revoked_by = resident_id()
where home_id = %(home_id)s and consent_id = %(consent_id)s and revoked_at is null returning consent_id

-- my_access_log
select access_id, at, who, role, what, purpose from access_log
where home_id = %(home_id)s and access_id < coalesce(%(before)s, 9223372036854775807)
order by access_id desc limit %(limit)s

-- my_audit
-- As the resident: what she did, and who looked at her home or changed something of it; newest first.
select entry_id, at, who, action, about, reason, outcome from my_audit(%(home_id)s, %(before)s, %(limit)s)

-- my_devices
select d.device_id, d.name, d.cadence_s, hd.room, r.first, r.last
from home_device hd join device d using (device_id)
left join lateral (select min(ts) as first, max(ts) as last from frog_reading f where f.device_id = hd.device_id) r on true
where hd.home_id = %(home_id)s order by d.name

-- my_diary
select diary_entry_id, at, activity, note, source from diary_entry
where home_id = %(home_id)s and diary_entry_id > %(after)s order by diary_entry_id limit %(limit)s

-- my_stay
-- As the resident: since when she lives there, and until when; null without an end.
select nullif(min(from_at), '-infinity') as from_at, max(to_at) as to_at from household_member
where home_id = %(home_id)s and (to_at is null or to_at > now()) having count(*) > 0

-- stay_of
-- Who lives there by that name, whatever the case of its letters.
select m.resident_id, r.name, nullif(m.from_at, '-infinity') as from_at, m.to_at
from household_member m join resident r using (resident_id)
where m.home_id = %(home_id)s and lower(r.name) = lower(%(name)s) and (m.to_at is null or m.to_at > now()) order by m.joined_at

-- shared_readings
-- By box, the last time within a period of which readings are shown to the council without a break; as consented() decides.
select distinct on (d.name) d.name as device, lower(r) as from_at, upper(r) as to_at
from home_device hd join device d using (device_id)
cross join lateral (
    select range_agg(tstzrange(greatest(c.from_at, m.from_at), coalesce(c.to_at, 'infinity'))) as t
    from consent c join household_member m on m.home_id = c.home_id and m.resident_id = c.given_by
    where c.home_id = hd.home_id and c.statistic = 'readings' and c.revoked_at is null and c.recipient_kind = 'council'
      and c.recipient = 'housing' and (c.to_at is null or c.to_at > now()) and (c.device_id is null or c.device_id = hd.device_id)
      and (m.to_at is null or m.to_at > now()) and greatest(c.from_at, m.from_at) < coalesce(c.to_at, 'infinity')) s
cross join lateral unnest(s.t * tstzmultirange(tstzrange(%(start)s, %(end)s))) r
where hd.home_id = %(home_id)s order by d.name, lower(r) desc

-- my_damp_days
select d.name as device, k.day, k.n, k.expected, k.temperature_c, k.humidity_pct, k.vapour_pa, k.outdoor_c, k.excess_pa,
       k.surface_hours, k.surface_min_c, k.damp_hours_low, k.damp_hours, k.damp_hours_high, k.mould, k.factor, k.factor_low,
       k.factor_high, k.factor_error, k.factor_nights, k.flags, k.calibrations, k.rules, k.device_id
from damp_day k join device d using (device_id)
where k.home_id = %(home_id)s and (k.device_id, k.day) > (%(device_id)s, %(after)s::date)
order by k.device_id, k.day limit %(limit)s

-- my_moisture_events
select e.event_id, d.name as device, e.started_at, e.peak_at, e.ended_at, e.activity, e.confidence, e.rise_g_m3, e.grams_low,
       e.grams, e.grams_high, e.half_min, e.clear_min, e.aired, e.of_household, e.diary_entry_id
from moisture_event e join device d using (device_id)
where e.home_id = %(home_id)s and e.event_id > %(after)s order by e.event_id limit %(limit)s

-- my_findings
select f.week, f.to_day, d.name as device, f.cause, f.confidence, f.risk, f.mould_index, f.evidence, f.advice, f.iso, f.standard,
       f.monthly, f.rules
from damp_finding f join device d using (device_id) where f.home_id = %(home_id)s order by f.week

-- my_cases
select c.case_id, c.kind as case_kind, c.hazard, c.landlord, c.council_owned, c.opened_at, c.opened_by, e.case_event_id, e.kind,
       e.at, e.step, e.until, e.refers_to, e.note, e.by, e.recorded_at
from housing_case c left join case_event e using (case_id)
where c.home_id = %(home_id)s order by c.case_id, e.case_event_id

-- my_contacts
select contact_id, at, method, who, said, reply, replied_at, by, recorded_at
from contact_log where home_id = %(home_id)s order by at, contact_id

-- my_photos
select photo_id, taken_at, room, caption, width, height, sha256, original_sha256, original_bytes, by, added_at
from evidence_photo where home_id = %(home_id)s order by photo_id

-- my_photo
select jpeg, original from evidence_photo where home_id = %(home_id)s and photo_id = %(photo_id)s

-- my_packs
select pack_id, from_day, to_day, made_at, made_by, sha256, bytes, manifest_sha256, key_id
from evidence_pack where home_id = %(home_id)s order by made_at, pack_id

-- my_reminding
select channel, address from home_contact where home_id = %(home_id)s order by channel
