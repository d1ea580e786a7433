-- work_items
-- in_home marks a device that is or was in a home: it has no page, and what it measured is its household's.
select w.work_item_id, w.rule_id, w.rule_version, w.device, n.kind, coalesce(d.label, '') as label, w.opened_at,
       w.gone_at, w.done_at, w.done_by, w.assignee, w.due_at, w.title, w.reason, w.in_home, w.inputs
from work_item_shown w
left join device_named n on n.name = w.device
left join device d on d.device_id = n.device_id
where (%(work_item_id)s::bigint is null or w.work_item_id = %(work_item_id)s)
  and (%(done)s::boolean is null or (w.done_at is not null) = %(done)s)
  and (%(assignee)s::text is null or w.assignee = %(assignee)s)
  and (%(rule_id)s::text is null or w.rule_id = %(rule_id)s)
  and (%(device)s::text is null or w.device = %(device)s)
order by w.done_at is not null, w.due_at nulls last, w.opened_at desc, w.work_item_id desc
limit %(limit)s

-- work_log
select at, by, via, what, detail from work_item_log where work_item_id = %(work_item_id)s order by entry_id

-- work_lock
select done_at, done_by from work_item_desk where work_item_id = %(work_item_id)s for update

-- work_assign
update work_item_desk set assignee = %(assignee)s where work_item_id = %(work_item_id)s

-- work_done
update work_item_desk set done_at = greatest(opened_at, %(at)s), done_by = %(by)s where work_item_id = %(work_item_id)s

-- work_note
insert into work_item_log (work_item_id, at, by, via, what, detail)
values (%(work_item_id)s, %(at)s, %(by)s, %(via)s, %(what)s, %(detail)s::jsonb)
