-- Logs that are appended only, also for whoever owns the tables; the tables that were made so have their own triggers
-- (treatment_act, winter_plan, round_plan, collection_act and others, in their migrations).

-- What happened to an alarm. That a line was followed up (planned_at) is no part of it; a household's wish may take keys
-- out of its detail; and lines go with their alarm, when it is old or at a household's wish (ingest/retention.sql,
-- ingest/erasure.sql).
create or replace function alarm_log_stays() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.detail @> new.detail
       and (to_jsonb(old) - '{detail,planned_at}'::text[]) = (to_jsonb(new) - '{detail,planned_at}'::text[]) then
        return new;
    end if;
    raise exception 'alarm_log is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create or replace trigger alarm_log_stays
    before update of log_id, alarm_id, at, created_at, actor, "by", via, what, detail, request_id on alarm_log
    for each row execute function alarm_log_stays();
create or replace trigger alarm_log_stays_whole before truncate on alarm_log
    for each statement execute function alarm_log_stays();

-- How nights did, as it was worked out in the morning: a newer row counts, the older one is still what was said then.
create or replace function winter_score_stays() returns trigger language plpgsql as $$
begin
    raise exception 'winter_score is appended only: % is refused', tg_op using errcode = 'integrity_constraint_violation';
end $$;
create or replace trigger winter_score_stays before update or delete on winter_score
    for each row execute function winter_score_stays();
create or replace trigger winter_score_stays_whole before truncate on winter_score
    for each statement execute function winter_score_stays();
