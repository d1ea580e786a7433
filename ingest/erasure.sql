-- spans
-- The resident's own time in the home: her stays, without the time of those who live there still and were there too.
with stays as (
    select resident_id, tstzrange(from_at, coalesce(to_at, now())) as stay, to_at is null or to_at > now() as now_there
      from household_member where home_id = %(home_id)s
), mine as (
    select coalesce(range_agg(stay), '{}') as t from stays where resident_id = %(resident_id)s
), theirs as (
    select coalesce(range_agg(stay), '{}') as t from stays where resident_id <> %(resident_id)s and now_there
)
select lower(r)::text as first, upper(r)::text as last, kept, nullif(lower(r), '-infinity') as kept_from, upper(r) as kept_to
  from mine, theirs, lateral (
        select unnest(mine.t - theirs.t) as r, false as kept
        union all select unnest(mine.t * theirs.t), true) x
 where lower(r) < upper(r) order by lower(r)

-- begin
insert into erasure (home_id, why) values (%(home_id)s, %(why)s) returning erasure_id

-- done
update erasure set done_at = clock_timestamp(), deleted = %(deleted)s where erasure_id = %(erasure_id)s returning done_at

-- devices
-- The frogs that were the home's, each with when. Times as text: the first may be minus infinity.
select d.device_id, d.name, d.kind, d.cadence_s, w.since::text, w.until::text
  from (select device_id, since, 'infinity'::timestamptz as until from home_device where home_id = %(home_id)s
        union all select device_id, since, until from home_device_past where home_id = %(home_id)s) w
  join device d using (device_id)

-- diary
delete from diary_entry where diary_entry_id in (
    select diary_entry_id from diary_entry
     where home_id = %(home_id)s and at >= %(first)s and at < %(last)s limit %(portion)s)

-- events
delete from event where event_id in (
    select event_id from event
     where (subject_kind = 'home' and subject = %(code)s or subject_kind = 'device' and subject = any (%(devices)s))
       and at >= %(first)s and at < %(last)s limit %(portion)s)

-- decisions
delete from decision where decision_id in (
    select decision_id from decision
     where subject_kind = 'home' and subject = %(code)s and decided_at >= %(first)s and decided_at < %(last)s limit %(portion)s)

-- dead_letters
delete from dead_letter where dead_letter_id in (
    select dead_letter_id from dead_letter
     where device = any (%(devices)s) and received_at >= %(first)s and received_at < %(last)s limit %(portion)s)

-- alarms
-- Those that are over, with all that is theirs.
with old as materialized (
    select alarm_id from alarm
     where subject_kind = 'home' and subject = %(code)s and cleared_at is not null
       and raised_at >= %(first)s and raised_at < %(last)s limit %(portion)s
), attempts as (
    delete from delivery_attempt where notification_id in (select notification_id from notification join old using (alarm_id))
), messages as (
    delete from notification where alarm_id in (select alarm_id from old)
), timers as (
    delete from alarm_timer where alarm_id in (select alarm_id from old)
), members as (
    delete from alarm_member where alarm_id in (select alarm_id from old)
), lines as (
    delete from alarm_log where alarm_id in (select alarm_id from old)
)
delete from alarm where alarm_id in (select alarm_id from old)

-- alarms_blanked
-- One that is up stays, or nobody would clear it: without what was measured.
update alarm set reason = 'removed at the household''s wish', inputs = '{}'
 where subject_kind = 'home' and subject = %(code)s and cleared_at is null
   and raised_at >= %(first)s and raised_at < %(last)s and inputs <> '{}'

-- alarm_members
delete from alarm_member
 where kind = 'home' and subject = %(code)s and left_at is not null and joined_at >= %(first)s and joined_at < %(last)s

-- late_windows
delete from late_window where late_window_id in (
    select late_window_id from late_window
     where scope_kind = 'home' and scope = %(code)s and from_at >= %(first)s and from_at < %(last)s limit %(portion)s)

-- home_code
select code from home where home_id = %(home_id)s

-- forget_consents
delete from consent where home_id = %(home_id)s and given_by = %(resident_id)s

-- forget_state
-- What is true now of the home, where nobody lives there any more. The rules write it anew with the next reading.
delete from subject_state where subject_kind = 'home' and subject = %(code)s
   and not exists (select from household_member where home_id = %(home_id)s and (to_at is null or to_at > now()))

-- forget_stays
delete from household_member where home_id = %(home_id)s and resident_id = %(resident_id)s

-- forget_revoker
update consent set revoked_by = null where home_id = %(home_id)s and revoked_by = %(resident_id)s

-- forget_resident
-- Who lives and lived nowhere else has no name here any more; sessions and invitations go with it.
delete from resident r where r.resident_id = %(resident_id)s
   and not exists (select from household_member m where m.resident_id = r.resident_id)
   and not exists (select from consent c where r.resident_id in (c.given_by, c.revoked_by))

-- moved_out
-- Stays that ended so long ago that they are to be forgotten.
select home_id, resident_id from household_member
 where to_at < now() - make_interval(days => %(days)s)
 group by home_id, resident_id
having not exists (
    select from household_member n
     where n.home_id = household_member.home_id and n.resident_id = household_member.resident_id
       and (n.to_at is null or n.to_at >= now() - make_interval(days => %(days)s)))
