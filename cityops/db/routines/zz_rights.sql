-- Which role may what. Last of all routines: views and functions that were made anew have no rights until here.
--
-- Rights are given by this list and never to "all tables": a table that it does not name is nobody's but the owner's, and
-- tests/integration/test_api_role.py fails until it is named. may: 'read'; 'add' (and read); 'change' (and read); 'write' (read, add,
-- change, delete); 'none': a household's or the platform's own. A name that is not there yet is passed over.

create or replace function role_rights() returns table (role_name text, relation text, may text)
language sql immutable set search_path = public, pg_temp as $$
    -- What a home measured, what was written down of it, who lives there: by functions and other roles only.
    select 'cityops_api', unnest(array[
        'access_log', 'bin_reminder', 'calibration', 'case_event', 'consent', 'consent_now', 'contact_log', 'damp_cursor', 'damp_day', 'damp_finding',
        'damp_home', 'damp_room', 'diary_entry', 'erasure', 'evidence_pack', 'evidence_photo', 'frog_daily', 'frog_hourly',
        'frog_latest', 'frog_reading', 'home', 'home_contact', 'home_device', 'home_device_past', 'household_member', 'housing_case',
        'housing_daily', 'housing_finding', 'housing_home', 'housing_share', 'join_code', 'join_try', 'moisture_event', 'private_device',
        'resident', 'resident_session', 'ward_week',
        -- The platform's own.
        'dead_letter', 'device_clock', 'device_sequence', 'lorawan_session', 'lorawan_source', 'device_update', 'rollout_device', 'rule_checkpoint', 'rule_state', 'sta_looked', 'sta_seen', 'watch_memory',
        -- Accounts, and the audit, which is added to and read by functions.
        'account', 'account_password', 'account_totp', 'api_key', 'audit_base', 'audit_entry', 'audit_source_key',
        'passkey', 'recovery_code', 'sign_in_step', 'sign_in_try', 'staff_session',
        -- What devices sign in with, and who they were.
        'claim_try', 'device_act', 'device_claim', 'device_credential', 'device_install', 'device_known', 'device_state']), 'none'
    union all
    -- Rows of homes are hidden from it in those with a policy (shown.sql); *_shown have them masked.
    select 'cityops_api', unnest(array[
        'alarm', 'alarm_log_head', 'alarm_log_shown', 'alarm_member', 'alarm_member_shown', 'alarm_shown', 'backup_run', 'bin_change', 'bin_ledger_setting', 'bin_model', 'bin_revision', 'bin_site', 'bundle', 'bundle_key', 'bundle_piece', 'catalogue_log',
        'catalogue_version', 'contact', 'dead_letter_overflow', 'dead_letter_shown', 'decision', 'delivery_attempt', 'depot', 'device', 'device_named',
        'device_setting_state', 'device_setting_version', 'device_status', 'gritting_route', 'home_named', 'late_window', 'late_window_shown', 'lorawan_device', 'lorawan_inbox', 'lorawan_source_shown', 'notification_shown', 'person', 'premises', 'retention_run', 'road_forecast',
        'road_forecast_hour', 'road_forecast_issue', 'road_map_print', 'road_network', 'road_node', 'road_segment', 'rollout_counts', 'rollout_device_shown', 'rota_shift',
        'rule_cursor', 'rule_override', 'rule_override_shown', 'schema_history', 'subject_state', 'thermal_map', 'treated_state', 'treatment_pass', 'turn_ban', 'update_version_counts', 'ward',
        'winter_record', 'work_item', 'work_item_shown']), 'read'
    union all
    select 'cityops_api', unnest(array['alarm_desk', 'work_item_desk']), 'change'
    union all
    select 'cityops_api', unnest(array['alarm_log', 'lorawan_codec', 'lorawan_downlink', 'notification', 'rollout_event', 'setting_change', 'work_item_log']), 'add'
    union all
    select 'cityops_api', unnest(array[
        'alarm_timer', 'bin_round', 'bin_statement', 'collection_act', 'crew_photo', 'device_group', 'device_group_member',
        'emergency_roster', 'event', 'incident', 'incident_act', 'incident_cursor', 'incident_signal',
        'ingest_batch', 'lorawan_binding', 'lab_fault', 'lab_town', 'lorry_service', 'other_reading', 'road_closure', 'road_opening', 'rollout', 'round_fleet', 'round_lorry_service',
        'round_plan', 'sta_datastream', 'sta_extra', 'sta_feature', 'sta_history', 'sta_location', 'sta_property', 'sta_sensor',
        'sta_thing', 'sta_thing_location', 'treatment_act', 'update_pin', 'weather_forecast', 'webhook', 'what_if', 'winter_plan', 'winter_roster', 'winter_score']), 'write'
    union all
    select 'cityops_registrar', unnest(array['home_named']), 'read'
    union all
    select 'cityops_registrar', unnest(array['bin_reminder', 'join_code', 'join_try', 'resident', 'resident_session']), 'write'
    union all
    select 'cityops_identity', unnest(array[
        'account', 'account_password', 'account_totp', 'api_key', 'passkey', 'recovery_code',
        'sign_in_step', 'sign_in_try', 'staff_session',
        'claim_try', 'device_claim', 'device_credential', 'device_install', 'device_state']), 'write'
    union all
    select 'cityops_identity', 'device_act', 'add'
    union all
    select 'cityops_identity', unnest(array['bundle_key', 'device_known']), 'read'
$$;
revoke all on function role_rights() from public;

-- Kinds of device whose readings are nobody's home: whether a new one is, is decided here, by leaving it out.
create or replace function kinds_of_homes() returns text[] language sql immutable as $$ select array['frog'] $$;

do $$
declare
    one record;
    kind text;
begin
    -- What an older list gave, and this one does not.
    for one in
        select c.oid::regclass as relation, r.rolname as role_name
          from pg_class c cross join pg_roles r
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
           and r.rolname in ('cityops_api', 'cityops_registrar', 'cityops_identity', 'cityops_officer')
           and has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
    loop
        execute format('revoke all on %s from %I', one.relation, one.role_name);
    end loop;
    for one in select * from role_rights() where to_regclass('public.' || quote_ident(relation)) is not null loop
        continue when one.may = 'none';
        execute format('grant %s on public.%I to %I',
                       case one.may when 'read' then 'select' when 'add' then 'select, insert' when 'change' then 'select, update'
                                  else 'select, insert, update, delete' end,
                       one.relation, one.role_name);
    end loop;
    -- What kinds measure: each has a table of readings, and hours, days and the newest of them.
    for kind in
        select left(c.relname, -length('_reading')) from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           and c.relname like '%\_reading'
    loop
        continue when kind = any (kinds_of_homes());
        for one in select unnest(array['reading', 'hourly', 'daily', 'latest']) as suffix loop
            continue when to_regclass(format('public.%I', kind || '_' || one.suffix)) is null;
            execute format('grant select on public.%I to cityops_api', kind || '_' || one.suffix);
        end loop;
    end loop;
end $$;

grant usage on schema public, health to cityops_api;
grant usage on schema public to cityops_registrar, cityops_identity, cityops_officer;
grant select on all tables in schema health to cityops_api;
grant execute on all functions in schema health to cityops_api;
-- my_devices(): the policy for residents asks it of every role.
grant execute on function is_private(integer), is_private(text), consented(integer, text, text, timestamptz, integer), my_devices(),
    alarm_acknowledged(bigint, timestamptz, text, text), diary_newest(), fleet_seen(integer), rollout_reach(bigint), fleet_status(integer),
    fleet_battery(integer), fleet_radio(integer), lorawan_private(text), lorawan_webhook(text),
    lorawan_receive(integer, text, text, text, timestamptz, integer, bigint, bytea, text, bytea, text, text) to cityops_api;
grant execute on function ward_counts() to cityops_housing;
grant execute on function device_add(text, text, integer, integer), device_retire(integer) to cityops_identity;
grant execute on function device_claim_state(bytea), device_claim_home(bytea, integer, text, text),
    device_claim_join(bytea, text, bytea) to cityops_registrar;
-- Who did what is read on the accounts' own login, and not on the one that answers everybody.
grant execute on function audit_read(bigint, text, text, text, text, text, text, text, text, bigint, integer) to cityops_identity;

-- A website of the release before goes on until it is replaced: while one is connected it keeps what it writes with (rows of homes
-- are hidden from it by policies), the map of wards and the audit. Asked at each upgrade, so the next one takes that back. A website of
-- this release always keeps a connection of people's (ops_api/role_pools.py), but on the owner's login, which reaches everything anyway.
create or replace function rights_of_the_release_before() returns void language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (select from pg_stat_activity where datname = current_database() and application_name = 'cityops-api')
       and not exists (select from pg_stat_activity where datname = current_database() and application_name = 'cityops-people') then
        grant update on alarm, work_item to cityops_api;
        grant select, insert, update, delete on bin_reminder to cityops_api;
        grant execute on function ward_counts(),
            audit_read(bigint, text, text, text, text, text, text, text, text, bigint, integer) to cityops_api;
    else
        revoke update on alarm, work_item from cityops_api;
        revoke all on bin_reminder from cityops_api;
        revoke all on function ward_counts(),
            audit_read(bigint, text, text, text, text, text, text, text, text, bigint, integer) from cityops_api;
    end if;
end $$;
revoke all on function rights_of_the_release_before() from public;
do $$ begin perform rights_of_the_release_before(); end $$;

grant select, insert, update (to_at, ended_at) on household_member to cityops_registrar;
grant select, update (revoked_at, revoked_by) on consent to cityops_registrar;
grant select (home_id, set_by), delete on home_contact to cityops_registrar;
grant select (recipient, state, key), update (state) on notification to cityops_registrar;
-- Whether somebody wants to be reminded of bin days is asked at her address: hidden from the pages' login, so not theirs to add.
grant insert (key, alarm_id, log_id, recipient, channel, kind, severity, title, body, data, not_before, expires_at, fallback, gather_from)
    on notification to cityops_registrar;
grant insert (home_id, who, role, what, purpose) on access_log to cityops_registrar;
grant execute on function lock_home(integer), stay_from(uuid, uuid, timestamptz), resident_id(), my_homes(), my_since(integer),
    erasure_ask(integer, uuid, boolean), erasure_receipt(uuid) to cityops_registrar;

-- An officer writes into the council's own cases.
grant select, update (hazard) on housing_case to cityops_officer;
grant select, insert on case_event to cityops_officer;
grant execute on function my_since(integer), resident_id() to cityops_officer;

-- A catalogue in shadow that was begun before this list; later ones are shown as they are made (rules/shadow/queries.sql).
do $$
begin
    if to_regclass('shadow.decision') is not null
       and obj_description(to_regnamespace('shadow'), 'pg_namespace') is not distinct from 'cityops shadow' then
        perform make_shadow_shown();
    end if;
end $$;
