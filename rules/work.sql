-- open_work
-- One open item per rule and device: said again, its words are brought up to date; one that
-- was done lately rests.
with before as (
    select work_item_id, gone_at from work_item
    where rule_id = %(rule_id)s and device = %(device)s and done_at is null
), again as (
    update work_item w
    set gone_at = null, title = %(title)s, reason = %(reason)s, inputs = %(inputs)s::jsonb,
        due_at = to_timestamp(%(due_s)s)
    from before b where w.work_item_id = b.work_item_id
), made as (
    insert into work_item (rule_id, rule_version, device, opened_at, due_at, title, reason, inputs)
    select %(rule_id)s, %(rule_version)s, %(device)s, to_timestamp(%(at_s)s), to_timestamp(%(due_s)s),
           %(title)s, %(reason)s, %(inputs)s::jsonb
    where not exists (select from before)
      and not exists (
        select from work_item
        where rule_id = %(rule_id)s and device = %(device)s
          and done_at > to_timestamp(%(at_s)s - %(rests_s)s))
    returning work_item_id
)
insert into work_item_log (work_item_id, at, by, what, detail)
select work_item_id, to_timestamp(%(at_s)s), 'engine', 'opened', jsonb_build_object('reason', %(reason)s::text)
from made
union all
select work_item_id, to_timestamp(%(at_s)s), 'engine', 'came back', jsonb_build_object('reason', %(reason)s::text)
from before where gone_at is not null

-- close_work
with gone as (
    update work_item set gone_at = greatest(opened_at, to_timestamp(%(at_s)s))
    where rule_id = %(rule_id)s and device = %(device)s and done_at is null and gone_at is null
    returning work_item_id, gone_at
)
insert into work_item_log (work_item_id, at, by, what, detail)
select work_item_id, gone_at, 'engine', 'gone', jsonb_build_object('reason', %(reason)s::text) from gone
