-- spans
-- The resident's own time in the home: her stays, without the time of those who live there still and were there too. A stay
-- whose end was dated back goes on until that was told: what was written down meanwhile is hers.
with stays as (
    select resident_id, tstzrange(from_at, coalesce(greatest(to_at, ended_at), now())) as stay, to_at is null or to_at > now() as now_there
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
-- Whose it was goes with it.
update erasure set done_at = clock_timestamp(), deleted = %(deleted)s, kept = %(kept)s, resident_id = null, forget = null, tried_at = null
 where erasure_id = %(erasure_id)s returning done_at

-- one_at_a_time
select pg_try_advisory_lock(hashtext('cityops.erasure')) as mine

-- waiting
-- One that failed is tried again after a minute: the others do not wait for it.
select erasure_id, home_id, resident_id, forget from erasure
 where resident_id is not null and done_at is null and (tried_at is null or tried_at < now() - interval '1 minute')
 order by asked_at limit 1

-- failed
update erasure set tried_at = now() where erasure_id = %(erasure_id)s

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

-- lorawan_events
delete from lorawan_inbox where event_id in (
    select i.event_id from lorawan_inbox i
     where i.dev_eui in (select b.dev_eui from lorawan_binding b join device d using (device_id) where d.name = any (%(devices)s))
       and coalesce(i.network_at, i.received_at) >= %(first)s and coalesce(i.network_at, i.received_at) < %(last)s
     limit %(portion)s)

-- alarms
-- Those that are over, with all that is theirs: also one that was up when something of it was deleted.
with old as materialized (
    select alarm_id from alarm
     where subject_kind = 'home' and subject = %(code)s and cleared_at >= %(first)s and raised_at < %(last)s limit %(portion)s
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

-- shadow_alarms
-- Likewise of a catalogue in shadow, which has no messages: those of the same numbers are of other alarms.
with old as materialized (
    select alarm_id from alarm
     where subject_kind = 'home' and subject = %(code)s and cleared_at >= %(first)s and raised_at < %(last)s limit %(portion)s
), members as (
    delete from alarm_member where alarm_id in (select alarm_id from old)
), lines as (
    delete from alarm_log where alarm_id in (select alarm_id from old)
)
delete from alarm where alarm_id in (select alarm_id from old)

-- alarm_lines
-- One that is up stays, or nobody would clear it: without what was measured, here, in its messages and in itself.
update alarm_log set detail = detail - '{reason,title,summary,member,text,note}'::text[]
 where alarm_id in (
        select alarm_id from alarm
         where subject_kind = 'home' and subject = %(code)s and cleared_at is null and raised_at < %(last)s)
   and detail ?| '{reason,title,summary,member,text,note}'

-- alarm_words
update notification set title = 'removed at the household''s wish', body = 'removed at the household''s wish', data = '{}'
 where alarm_id in (
        select alarm_id from alarm
         where subject_kind = 'home' and subject = %(code)s and cleared_at is null and raised_at < %(last)s)
   and (body <> 'removed at the household''s wish' or data <> '{}')

-- alarms_blanked
update alarm set title = 'Home ' || %(home_id)s::integer || ': removed at the household''s wish',
       reason = 'removed at the household''s wish', inputs = '{}', would_change = null, would_differ = null
 where subject_kind = 'home' and subject = %(code)s and cleared_at is null and raised_at < %(last)s
   and (reason <> 'removed at the household''s wish' or inputs <> '{}' or would_change is not null or would_differ is not null)

-- alarm_members
delete from alarm_member
 where kind = 'home' and subject = %(code)s and left_at is not null and joined_at >= %(first)s and joined_at < %(last)s

-- alarm_members_blanked
update alarm_member set reason = '', inputs = '{}'
 where kind = 'home' and subject = %(code)s and left_at is null and joined_at < %(last)s and (reason <> '' or inputs <> '{}')

-- work_items
-- Of the home's frogs while they were there, with their logs: those that are done.
with old as materialized (
    select work_item_id from work_item
     where done_at >= %(first)s and opened_at < %(last)s
       and exists (select from unnest(%(devices)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) f (name, since, until)
                  where f.name = device and opened_at < f.until and coalesce(done_at, 'infinity') >= f.since) limit %(portion)s
), lines as (
    delete from work_item_log where work_item_id in (select work_item_id from old)
)
delete from work_item where work_item_id in (select work_item_id from old)

-- work_item_lines
-- One that is to be done stays, for whoever mends the frog: without what was measured.
update work_item_log set detail = detail - '{reason,note}'::text[]
 where detail ?| '{reason,note}' and work_item_id in (
        select work_item_id from work_item
         where done_at is null and opened_at < %(last)s
           and exists (select from unnest(%(devices)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) f (name, since, until)
                  where f.name = device and opened_at < f.until and coalesce(done_at, 'infinity') >= f.since))

-- work_items_blanked
update work_item set reason = 'removed at the household''s wish', inputs = '{}'
 where done_at is null and opened_at < %(last)s and (reason <> 'removed at the household''s wish' or inputs <> '{}')
   and exists (select from unnest(%(devices)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) f (name, since, until)
                  where f.name = device and opened_at < f.until and coalesce(done_at, 'infinity') >= f.since)

-- override_reasons
-- Why a limit was another one for the home or its frogs; that it was stays, with who said so.
update rule_override set reason = 'removed at the household''s wish'
 where (scope_kind = 'home' and scope = %(code)s or scope_kind = 'device' and scope = any (%(devices)s))
   and starts_at < %(last)s and coalesce(withdrawn_at, expires_at) >= %(first)s and reason <> 'removed at the household''s wish'

-- late_windows
delete from late_window where late_window_id in (
    select late_window_id from late_window
     where scope_kind = 'home' and scope = %(code)s and from_at >= %(first)s and from_at < %(last)s limit %(portion)s)

-- damp_days
-- A day that lies in the span in part goes whole: it mixes what is to go with what stays, and is worked out again.
delete from damp_day where (home_id, device_id, day) in (
    select home_id, device_id, day from damp_day
     where home_id = %(home_id)s and begins_at > %(first)s::timestamptz - interval '25 hours' and begins_at < %(last)s
     limit %(portion)s)

-- moisture_events
delete from moisture_event where event_id in (
    select event_id from moisture_event
     where home_id = %(home_id)s and ended_at >= %(first)s and started_at < %(last)s limit %(portion)s)

-- damp_findings
-- A finding rests on the days from the first one named in it.
delete from damp_finding where (home_id, week) in (
    select home_id, week from damp_finding
     where home_id = %(home_id)s and to_day >= (%(first)s::timestamptz - interval '25 hours')::date
       and coalesce((evidence ->> 'from_day')::date, week) <= (%(last)s::timestamptz)::date limit %(portion)s)

-- damp_again
-- The analyst works out again what is left: nothing of it rests on what is gone, and what it has loaded before is not written.
update damp_home set due_from = least(due_from, greatest((%(first)s::timestamptz - interval '25 hours')::date, '1970-01-01')),
       due_no = due_no + 1, epoch = epoch + 1 where home_id = %(home_id)s

-- cases
-- One of a home that the council lets itself stays: it is the council's own record of what the law asked of it.
delete from housing_case where case_id in (
    select case_id from housing_case
     where home_id = %(home_id)s and not council_owned and opened_at >= %(first)s and opened_at < %(last)s limit %(portion)s)

-- case_words
-- What she wrote into that one goes: kind and date stay.
update case_event set note = '', by = 'resident'
 where case_event_id in (
        select e.case_event_id from case_event e join housing_case c using (case_id)
         where c.home_id = %(home_id)s and c.council_owned and e.role = 'resident' and (e.note <> '' or e.by <> 'resident')
           and e.recorded_at >= %(first)s and e.recorded_at < %(last)s limit %(portion)s)

-- contacts
delete from contact_log where contact_id in (
    select contact_id from contact_log
     where home_id = %(home_id)s and recorded_at >= %(first)s and recorded_at < %(last)s limit %(portion)s)

-- photos
delete from evidence_photo where photo_id in (
    select photo_id from evidence_photo
     where home_id = %(home_id)s and added_at >= %(first)s and added_at < %(last)s limit %(portion)s)

-- packs
delete from evidence_pack where pack_id in (
    select pack_id from evidence_pack
     where home_id = %(home_id)s and made_at >= %(first)s and made_at < %(last)s limit %(portion)s)

-- reminders
-- Messages to the household of its cases.
with old as materialized (
    select notification_id from notification
     where recipient = 'home:' || %(home_id)s::integer and created_at >= %(first)s and created_at < %(last)s limit %(portion)s
), attempts as (
    delete from delivery_attempt where notification_id in (select notification_id from old)
)
delete from notification where notification_id in (select notification_id from old)

-- has_shadow
-- Whether a catalogue runs in shadow, whose tables are like the live ones.
select to_regclass('shadow.run') is not null as is_there

-- enter_shadow
-- Until the transaction ends, names without a schema mean the shadow's tables first.
select set_config('search_path', 'shadow, public', true)

-- stay_in_shadow
lock table shadow.run in access share mode

-- memory
-- The shadow's own: the engine's is gone within days.
delete from rule_state where subject = %(code)s or subject = any (%(devices)s)

-- home_code
select code from home where home_id = %(home_id)s

-- forget_consents
delete from consent where home_id = %(home_id)s and given_by = %(resident_id)s

-- forget_reminding
-- Where she was reminded.
delete from home_contact where home_id = %(home_id)s and (
    set_by = %(resident_id)s or not exists (
        select from household_member where home_id = %(home_id)s and (to_at is null or to_at > now())))

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
