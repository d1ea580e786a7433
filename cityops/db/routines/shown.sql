-- What the website's role sees of alarms, late windows, messages, work and settings that tell of a home.
--
-- The tables' rows of homes are hidden from it by policies; these views have the rights of their owner and show them masked
-- (masking.sql), as everybody may see them. So a statement that is injected reads no more than the pages say. They hide no rows, so
-- need no barrier: what is asked of a column is asked of what it shows.

drop view if exists alarm_shown, alarm_member_shown, alarm_log_shown, alarm_log_head, late_window_shown, notification_shown,
    work_item_shown, rule_override_shown cascade;

-- Of would_differ the words hold no name; the rest is what readings of the home would have made otherwise.
create view alarm_shown as
select a.alarm_id, a.rule_id, a.rule_version, a.subject_kind,
       masked_subject(a.subject_kind, a.subject, h.home_id, a.cleared_at) as subject,
       case when a.subject_kind = 'home' then null else a.subject end as scope,
       case when home_told(h.home_id, a.cleared_at) then h.home_id::text end as home_id,
       a.severity, a.raised_at, a.cleared_at, a.acknowledged_at, a.acknowledged_by, a.acknowledged_severity, a.assignee,
       a.shelved_until, a.closed_at, a.closed_by, a.verdict, a.flapping, a.is_group, a.escalation_step, a.told, a.held_since,
       a.catalogue_id, a.created_at, a.of_home,
       masked_title(a.subject_kind, a.title, h.home_id, h.code, h.label, a.cleared_at) as title,
       masked_reason(a.subject_kind, a.reason, h.home_id, h.code, h.label, a.cleared_at) as reason,
       a.subject_kind = 'device' and is_private(a.subject) as in_home,
       case when x.hides then '{}'::jsonb else a.inputs end as inputs,
       case when x.hides then null else a.would_change end as would_change,
       case when not x.hides or a.would_differ is null then a.would_differ
            else jsonb_build_object('text', a.would_differ -> 'text', 'windows', a.would_differ -> 'windows') end as would_differ,
       x.hides, (select count(*) from alarm_member m where m.alarm_id = a.alarm_id and m.left_at is null) as members_now
  from alarm a
  left join home h on a.subject_kind = 'home' and h.code = a.subject
 cross join lateral (
       select a.of_home and (a.subject_kind = 'home' or a.rule_id <> 'device.silent' or exists (
              select from alarm_member m where m.alarm_id = a.alarm_id and m.kind = 'home')) as hides) x;

-- What people do with an alarm: of any, also of one whose home is hidden.
create or replace view alarm_desk as
select alarm_id, acknowledged_at, acknowledged_by, acknowledged_severity, assignee, shelved_until, closed_at, closed_by, verdict,
       escalation_step, told from alarm;

-- who: the same for the same member; homes that are not named are told apart by it.
create view alarm_member_shown as
select m.alarm_id, m.kind, dense_rank() over (partition by m.alarm_id order by m.kind, m.subject) as who,
       masked_subject(m.kind, m.subject, mh.home_id, m.left_at) as subject,
       case when m.kind = 'home' then masked_subject(m.kind, m.subject, mh.home_id, m.left_at)
            else coalesce(s.street || ' (' || m.subject || ')', b.label, m.subject) end as label,
       m.severity, m.joined_at, m.left_at,
       masked_member(m.kind, m.subject, m.reason, a.rule_id, a.subject_kind, row (mh.home_id, mh.code, mh.label)::home_named,
                     row (h.home_id, h.code, h.label)::home_named, coalesce(m.left_at, a.cleared_at)) as reason,
       m.kind = 'device' and is_private(m.subject) as in_home,
       case when m.kind = 'home' or a.rule_id <> 'device.silent' and (
                 a.subject_kind = 'home' or m.kind = 'device' and is_private(m.subject)) then '{}'::jsonb
            else m.inputs end as inputs
  from alarm_member m
  join alarm a using (alarm_id)
  left join home h on a.subject_kind = 'home' and h.code = a.subject
  left join home mh on m.kind = 'home' and mh.code = m.subject
  left join road_segment s on m.kind = 'segment' and s.segment_id = m.subject
  left join bin_site b on m.kind = 'bin' and b.bin_id = m.subject;

-- That something happened, not what.
create view alarm_log_head as
select log_id, alarm_id, at, created_at, actor, "by", via, what, request_id, planned_at from alarm_log;

-- Only fields that say nothing of a home; its own and its members' names are replaced. What the engine says of one is
-- masked as of then; what people typed is theirs.
create view alarm_log_shown as
select l.log_id, l.alarm_id, l.at, l.actor, l."by", l.via, l.what,
       jsonb_strip_nulls(jsonb_build_object(
           'severity', l.detail -> 'severity', 'before', l.detail -> 'before', 'begins', l.detail -> 'begins',
           'changes', l.detail -> 'changes', 'to', l.detail -> 'to', 'kind', l.detail -> 'kind',
           'step', l.detail -> 'step', 'after_s', l.detail -> 'after_s', 'messages', l.detail -> 'messages',
           'until_s', l.detail -> 'until_s', 'verdict', l.detail -> 'verdict', 'by', l.detail -> 'by',
           'error', l.detail -> 'error',
           'member_kind', m.kind,
           'member', masked_subject(m.kind, m.subject, mh.home_id, l.at),
           'member_label', coalesce(s.street || ' (' || m.subject || ')', b.label),
           'member_severity', l.detail -> 'member' ->> 'severity'
       )) || coalesce((
           select jsonb_object_agg(t.name, case
                      when l.actor <> 'engine' or t.name <> 'reason'
                      then by_number(by_number(t.said, case when home_told(h.home_id, l.at) then h.home_id end, h.code, h.label),
                                     case when home_told(mh.home_id, l.at) then mh.home_id end, mh.code, mh.label)
                      when m.kind is not null
                      then masked_member(m.kind, m.subject, t.said, a.rule_id, a.subject_kind,
                                         row (mh.home_id, mh.code, mh.label)::home_named,
                                         row (h.home_id, h.code, h.label)::home_named, l.at)
                      else masked_reason(a.subject_kind, t.said, h.home_id, h.code, h.label, l.at) end)
           from (values ('reason', coalesce(l.detail ->> 'reason', l.detail -> 'member' ->> 'reason')),
                        ('text', l.detail ->> 'text'), ('note', l.detail ->> 'note')) t(name, said)
           where t.said is not null
             -- A home that is gone can't be replaced by its number.
             and not (a.subject_kind = 'home' and h.home_id is null)
             and not (m.kind is not distinct from 'home' and mh.home_id is null)), '{}') as detail
  from alarm_log l
  join alarm a using (alarm_id)
  left join home h on a.subject_kind = 'home' and h.code = a.subject
 cross join lateral (select
       coalesce(l.detail -> 'member' ->> 'kind', l.detail ->> 'member_kind') as kind,
       coalesce(l.detail -> 'member' ->> 'subject', l.detail ->> 'member') as subject) m
  left join home mh on m.kind = 'home' and mh.code = m.subject
  left join road_segment s on m.kind = 'segment' and s.segment_id = m.subject
  left join bin_site b on m.kind = 'bin' and b.bin_id = m.subject;

-- That an alarm was acknowledged, as an event of what it is of: who may not read that may still say so.
create or replace function alarm_acknowledged(p_alarm bigint, p_at timestamptz, p_by text, p_note text) returns void
language sql volatile security definer set search_path = public, pg_temp as $$
    insert into event (kind, subject_kind, subject, at, detail)
    select 'alarm_acknowledged', subject_kind, subject, p_at,
           jsonb_build_object('alarm_id', alarm_id, 'by', p_by, 'note', coalesce(p_note, ''))
      from alarm where alarm_id = p_alarm
$$;

-- Without devices where it is a home's: which device stands where is the household's.
create view late_window_shown as
select w.late_window_id, w.scope_kind,
       case when w.scope_kind <> 'home' then w.scope when home_told(h.home_id, w.to_at) then h.home_id::text
            else 'a home' end as scope,
       case w.scope_kind when 'home' then case when home_told(h.home_id, w.to_at) then 'Home ' || h.home_id else 'A home' end
            when 'route' then coalesce(r.label || ' (' || w.scope || ')', w.scope)
            when 'bin' then coalesce(b.label || ' (' || w.scope || ')', w.scope)
            when 'town' then 'The whole town' else 'Device ' || w.scope end as label,
       w.from_at, w.to_at, w.readings, w.first_arrived, w.last_arrived, w.state, w.checked_at,
       cardinality(w.devices) as device_count,
       array(select d from unnest(w.devices) as d where w.scope_kind <> 'home' and not is_private(d)
             order by d) as devices,
       to_timestamp((w.result ->> 'from_s')::float8) as judged_from,
       to_timestamp((w.result ->> 'to_s')::float8) as judged_to,
       coalesce(w.result -> 'never_raised', '[]') as never_raised
  from late_window w
  left join home h on w.scope_kind = 'home' and h.code = w.scope
  left join gritting_route r on w.scope_kind = 'route' and r.route_id = w.scope
  left join bin_site b on w.scope_kind = 'bin' and b.bin_id = w.scope;

-- A household's own messages, of its case or of bin days at its address: that there is one and how it goes, not what it says. No
-- message's body; that of bin days has the address, and the secret by which reminders are stopped.
create or replace function is_households(p_recipient text, p_kind text) returns boolean
language sql immutable parallel safe
return starts_with(p_recipient, 'home:') or starts_with(p_recipient, 'bin-reminder:') or p_kind = 'reminder';
create view notification_shown as
select notification_id, alarm_id, recipient, channel, kind, severity,
       case when starts_with(recipient, 'bin-reminder:') then 'A message of bin days'
            when is_households(recipient, kind) then 'A message of a household''s case' else title end as title,
       state, attempts, not_before, retry_at, created_at, sent_at, delivered_at, last_error, suppressed_why, fallback_of, bundled_in
  from notification;

create view work_item_shown as
select w.work_item_id, w.rule_id, w.rule_version, w.device, w.opened_at, w.gone_at, w.done_at, w.done_by, w.assignee, w.due_at,
       w.title, w.reason, x.in_home, case when x.in_home then '{}'::jsonb else w.inputs end as inputs
  from work_item w
 cross join lateral (select is_private(w.device) as in_home) x;
create or replace view work_item_desk as select work_item_id, opened_at, assignee, done_at, done_by from work_item;

create view rule_override_shown as
select o.override_id, o.rule_id, o.path, o.scope_kind,
       case when o.scope_kind <> 'home' then o.scope when home_told(h.home_id, null) then o.scope else 'a home' end as scope,
       o.value, o.author, o.reason, o.starts_at, o.expires_at, o.withdrawn_at, o.withdrawn_by, o.taken_at
  from rule_override o
  left join home h on o.scope_kind = 'home' and h.home_id::text = o.scope;

-- Of a shadow both sides at once, so that they are of one moment. No home is named, whatever it shares: homes are numbered here
-- by the hash of their secret code, only to tell them apart. The schema is made and dropped as shadows come and go
-- (rules/shadow/tables.py), and this is made in it.
create or replace function make_shadow_shown() returns void language plpgsql as $make$
begin
    execute $body$
create or replace function shadow.alarms_shown(p_since timestamptz, p_until timestamptz)
returns table (side text, rule_id text, subject_kind text, subject text, severity text, raised_s float8, cleared_s float8,
               title text, reason text, members text[], flapping boolean)
language sql stable security definer set search_path = public, pg_temp as $$
with side as (
    select 'live' as side, alarm_id, rule_id, subject_kind, subject, severity, raised_at, cleared_at, title, reason, flapping
    from public.alarm where not starts_with(rule_id, 'platform.') and rule_id not in ('winter.order_unanswered', 'device.quarantined')
    union all
    select 'shadow', alarm_id, rule_id, subject_kind, subject, severity, raised_at, cleared_at, title, reason, flapping
    from shadow.alarm
), member as (
    select 'live' as side, alarm_id, kind, subject, joined_at from public.alarm_member
    union all
    select 'shadow', alarm_id, kind, subject, joined_at from shadow.alarm_member
), one as (
    select code, 'a home (' || row_number() over (order by md5(code)) || ' of ' || count(*) over () || ')' as name
    from (select subject as code from side where subject_kind = 'home'
          union select subject from member where kind = 'home') c
)
select a.side, a.rule_id, a.subject_kind, coalesce(o.name, a.subject),
       a.severity, extract(epoch from a.raised_at)::float8,
       case when a.cleared_at < p_until then extract(epoch from a.cleared_at)::float8 end,
       masked_title(a.subject_kind, a.title, h.home_id, h.code, h.label, '-infinity'),
       masked_reason(a.subject_kind, a.reason, h.home_id, h.code, h.label, '-infinity'),
       coalesce((select array_agg(distinct n.name order by n.name) from member m
                 left join one o on m.kind = 'home' and o.code = m.subject
                 cross join lateral (select coalesce(o.name, m.subject) as name) n
                 where m.side = a.side and m.alarm_id = a.alarm_id and m.joined_at < p_until), '{}'),
       a.flapping
from side a
left join one o on a.subject_kind = 'home' and o.code = a.subject
left join home h on a.subject_kind = 'home' and h.code = a.subject
where a.raised_at < p_until and (a.cleared_at is null or a.cleared_at >= p_since)
order by a.raised_at, a.rule_id, a.subject
$$
    $body$;
    revoke all on function shadow.alarms_shown(timestamptz, timestamptz) from public;
    grant execute on function shadow.alarms_shown(timestamptz, timestamptz) to cityops_api;
    drop policy if exists homes_are_not_shown on shadow.decision;
    create policy homes_are_not_shown on shadow.decision
        using ((select current_user) <> 'cityops_api' or subject_kind <> 'home' and not (subject_kind = 'device' and is_private(subject)));
    alter table shadow.decision enable row level security;
    revoke all on shadow.alarm, shadow.alarm_member from cityops_api;
    grant usage on schema shadow to cityops_api;
    grant select on shadow.run, shadow.rule_cursor, shadow.decision to cityops_api;
end $make$;

-- The policies that hide. They name no role, as all do (docs/adr/016-household-isolation.md).
do $$
declare
    one record;
begin
    for one in select * from (values
        ('subject_state', 'subject_kind <> ''home'' and not (subject_kind = ''device'' and is_private(subject))'),
        ('event', 'subject_kind <> ''home'' and not (subject_kind = ''device'' and is_private(subject))'),
        ('decision', 'subject_kind <> ''home'' and not (subject_kind = ''device'' and is_private(subject))'),
        ('alarm', 'not of_home'),
        ('alarm_member', 'exists (select from alarm a where a.alarm_id = alarm_member.alarm_id)'),
        ('alarm_log', 'exists (select from alarm a where a.alarm_id = alarm_log.alarm_id)'),
        ('late_window', 'scope_kind <> ''home'' and not (scope_kind = ''device'' and is_private(scope))'),
        ('notification', 'not is_households(recipient, kind)'),
        ('work_item', 'not is_private(device)'),
        ('device_status', 'exists (select from device d where d.device_id = device_status.device_id)'),
        ('rule_override', 'scope_kind <> ''home''')) p(tablename, seen)
    loop
        execute format('drop policy if exists homes_are_not_shown on public.%I', one.tablename);
        execute format('create policy homes_are_not_shown on public.%I using ((select current_user) <> ''cityops_api'' or %s)',
                       one.tablename, one.seen);
    end loop;
    -- Staff act on homes' alarms: that they did is added, and not shown again.
    drop policy if exists what_is_done_is_added on alarm_log;
    create policy what_is_done_is_added on alarm_log for insert with check ((select current_user) = 'cityops_api');
end $$;

-- What was reminded of a case: to the household of who asks; of the council's own cases, to the council. Nobody's address, no text.
create or replace function my_reminders(p_case bigint) returns table (
    key text, step text, what text, recipient text, channel text, title text, state text, not_before timestamptz, sent_at timestamptz,
    suppressed_why text)
language sql stable security definer set search_path = public, pg_temp as $$
    select n.key, split_part(n.key, ':', 3), split_part(n.key, ':', 4), n.recipient, n.channel, n.title, n.state,
           n.not_before, n.sent_at, n.suppressed_why
      from notification n
     where n.kind = 'reminder' and n.key like 'case:' || p_case || ':%' and split_part(n.key, ':', 6) = 'resident'
       and exists (select from housing_case c where c.case_id = p_case and c.opened_at >= my_since(c.home_id))
     order by n.notification_id
$$;
create or replace function council_reminders(p_case bigint) returns table (
    key text, step text, what text, recipient text, channel text, title text, state text, not_before timestamptz, sent_at timestamptz,
    suppressed_why text)
language sql stable security definer set search_path = public, pg_temp as $$
    select n.key, split_part(n.key, ':', 3), split_part(n.key, ':', 4), n.recipient, n.channel, n.title, n.state,
           n.not_before, n.sent_at, n.suppressed_why
      from notification n
     where n.kind = 'reminder' and n.key like 'case:' || p_case || ':%' and split_part(n.key, ':', 6) = 'officer'
       and exists (select from housing_case c where c.case_id = p_case and c.council_owned)
     order by n.notification_id
$$;

revoke all on function alarm_acknowledged(bigint, timestamptz, text, text), my_reminders(bigint), council_reminders(bigint) from public;
grant execute on function my_reminders(bigint) to cityops_resident;
grant execute on function council_reminders(bigint) to cityops_housing;
