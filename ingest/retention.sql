-- dead_letters
delete from dead_letter where dead_letter_id in (
    select dead_letter_id from dead_letter where received_at < now() - make_interval(days => %(days)s)
    order by received_at limit %(portion)s for update skip locked)

-- dead_letter_counts
delete from dead_letter_overflow where last_at < now() - make_interval(days => %(days)s)

-- notifications
with old as materialized (
    select notification_id from notification
    where created_at < now() - make_interval(days => %(days)s) and state not in ('pending', 'sending')
    order by created_at limit %(portion)s for update skip locked
), attempts as (
    delete from delivery_attempt where notification_id in (select notification_id from old)
)
delete from notification where notification_id in (select notification_id from old)

-- alarms
-- With all that is theirs. Age is that of the last line: a remark of yesterday keeps an alarm of years ago.
with old as materialized (
    select alarm_id from alarm a
    where cleared_at is not null and closed_at is not null and created_at < now() - make_interval(days => %(days)s)
      and not exists (select from alarm_log l
                       where l.alarm_id = a.alarm_id and l.created_at >= now() - make_interval(days => %(days)s))
    order by created_at limit %(portion)s for update skip locked
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

-- events
delete from event where event_id in (
    select event_id from event where created_at < now() - make_interval(days => %(days)s)
    order by created_at limit %(portion)s for update skip locked)

-- overrides
-- Ends are of event time, which may be long ago where a former night is played: none goes soon after it was made.
delete from rule_override where override_id in (
    select override_id from rule_override
    where least(expires_at, coalesce(withdrawn_at, 'infinity')) < now() - make_interval(days => %(days)s)
      and created_at < now() - make_interval(days => %(days)s)
    order by override_id limit %(portion)s for update skip locked)

-- late_windows
delete from late_window where late_window_id in (
    select late_window_id from late_window
    where state <> 'open' and last_arrived < now() - make_interval(days => %(days)s)
    order by last_arrived limit %(portion)s for update skip locked)

-- catalogue_lines
-- The newest of each catalogue and kind says which one is live, by whom, and which was before it.
delete from catalogue_log where log_id in (
    select log_id from catalogue_log l
    where at < now() - make_interval(days => %(days)s)
      and exists (select from catalogue_log n
                   where n.catalogue_id = l.catalogue_id and n.what = l.what and n.log_id > l.log_id)
    order by log_id limit %(portion)s for update skip locked)

-- checkpoints
delete from rule_checkpoint where (service, event_time) in (
    select p.service, p.event_time from rule_checkpoint p left join rule_cursor c using (service)
    where p.event_time < (select max(event_time) from rule_checkpoint) - make_interval(days => %(days)s)
       or c.updated_at < now() - make_interval(days => %(days)s)
    order by p.event_time limit %(portion)s for update of p skip locked)

-- states
-- Of what is no longer installed, at once. The rules drop what they remember themselves; here goes what they do not.
delete from subject_state where (subject_kind, subject) in (
    select subject_kind, subject from subject_state s
    where case subject_kind
          when 'home' then not exists (select from home where code = s.subject)
          when 'segment' then not exists (select from road_segment where segment_id = s.subject)
          when 'route' then not exists (select from gritting_route where route_id = s.subject)
          when 'bin' then not exists (select from bin_site where bin_id = s.subject)
          when 'device' then not exists (select from device where name = s.subject and retired_at is null)
          else false end
    limit %(portion)s for update skip locked)

-- damp_hours
update damp_day set hour_c = null, hour_pa = null, hour_wall_c = null
where (home_id, device_id, day) in (
    select home_id, device_id, day from damp_day
    where day < (now() - make_interval(days => %(days)s))::date and hour_c is not null
    order by day limit %(portion)s for update skip locked)

-- moisture_events
delete from moisture_event where event_id in (
    select event_id from moisture_event where started_at < now() - make_interval(days => %(days)s)
    order by started_at limit %(portion)s for update skip locked)

-- damp_days
delete from damp_day where (home_id, device_id, day) in (
    select home_id, device_id, day from damp_day where day < (now() - make_interval(days => %(days)s))::date
    order by day limit %(portion)s for update skip locked)

-- damp_findings
delete from damp_finding where (home_id, week) in (
    select home_id, week from damp_finding where week < (now() - make_interval(days => %(days)s))::date
    order by week limit %(portion)s for update skip locked)
-- access_lines
-- Who looked at a household. The table itself refuses to lose a line that is less than a year old.
delete from access_log where access_id in (
    select access_id from access_log where at < now() - make_interval(days => greatest(%(days)s, 367))
    order by access_id limit %(portion)s for update skip locked)

-- weather_forecasts
-- What was received long ago; a night of the past that is played has forecasts of then, received today.
delete from weather_forecast where forecast_id in (
    select forecast_id from weather_forecast where received_at < now() - make_interval(days => %(days)s)
    order by forecast_id limit %(portion)s for update skip locked)

-- treatment_passes
-- What gritters spread. The table itself refuses to lose a line that is less than six years old.
delete from treatment_pass where pass_id in (
    select pass_id from treatment_pass where recorded_at < now() - make_interval(days => greatest(%(days)s, 2193))
    order by pass_id limit %(portion)s for update skip locked)

-- winter_records
delete from winter_record where record_id in (
    select record_id from winter_record where made_at < now() - make_interval(days => greatest(%(days)s, 2193))
    order by record_id limit %(portion)s for update skip locked)

-- lorawan_events
delete from lorawan_inbox where event_id in (
    select event_id from lorawan_inbox where state = 'stored' and received_at < now() - make_interval(days => %(days)s)
    order by received_at limit %(portion)s for update skip locked)

-- lorawan_letters
-- What was set aside, as dead letters.
delete from lorawan_inbox where event_id in (
    select event_id from lorawan_inbox where state = 'dead' and received_at < now() - make_interval(days => %(days)s)
    order by received_at limit %(portion)s for update skip locked)

-- lorawan_downlinks
delete from lorawan_downlink where downlink_id in (
    select downlink_id from lorawan_downlink where state <> 'queued' and created_at < now() - make_interval(days => %(days)s)
    order by downlink_id limit %(portion)s for update skip locked)

-- crew_photos
-- Photos may show people. The table itself refuses to lose one that is less than 30 days old. What the crew said stays, with the hash.
delete from crew_photo where photo_id in (
    select photo_id from crew_photo where kept_at < now() - make_interval(days => greatest(%(days)s, 31))
    order by photo_id limit %(portion)s for update skip locked)

-- accounts
-- Of staff who have not signed in for so long, and no program with a key of theirs. An administrator's stays as long as no
-- other one is in use.
delete from account where account_id in (
    select account_id from account a
     where coalesce(seen_on, made_at::date) < (now() - make_interval(days => %(days)s))::date
       and not exists (
           select from api_key k where k.owner_account = a.account_id and k.revoked_at is null and k.expires_at > now()
              and coalesce(k.used_on, k.made_at::date) >= (now() - make_interval(days => %(days)s))::date)
       and (not 'admin' = any (roles) or exists (
           select from account o where o.account_id <> a.account_id and 'admin' = any (o.roles) and o.disabled_at is null
              and coalesce(o.seen_on, o.made_at::date) >= (now() - make_interval(days => %(days)s))::date))
     order by account_id limit %(portion)s for update skip locked)

-- sessions
delete from staff_session where session_id in (
    select session_id from staff_session
     where least(expires_at, coalesce(revoked_at, 'infinity')) < now() - make_interval(days => %(days)s)
     order by session_id limit %(portion)s for update skip locked)

-- keys
delete from api_key where key_id in (
    select key_id from api_key
     where least(expires_at, coalesce(revoked_at, 'infinity')) < now() - make_interval(days => %(days)s)
     order by key_id limit %(portion)s for update skip locked)

-- steps
-- Of a sign-in that was begun; they open nothing after minutes.
delete from sign_in_step where step_hash in (
    select step_hash from sign_in_step where expires_at < now() - interval '1 day' limit %(portion)s for update skip locked)

-- tries
delete from sign_in_try where (subject, source) in (
    select subject, source from sign_in_try where greatest(last_at, until) < now() - interval '2 days'
     limit %(portion)s for update skip locked)

-- audit
-- Up to the first line that is younger; what was cut off is written into the chain.
select audit_cut(%(days)s)

-- runs
delete from retention_run where run_id in (
    select run_id from retention_run where at < now() - interval '400 days' order by run_id limit %(portion)s)

-- report
insert into retention_run (dropped) values (%(dropped)s)
