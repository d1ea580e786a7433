-- contract: nobody misses anything: the rule is the old one with one kind of act more
-- Where an incident is, said by a person: one more kind of act.
alter table incident_act drop constraint incident_act_what_check;
alter table incident_act add constraint incident_act_what_check check (what in (
    'proposed', 'changed', 'over', 'absorbed', 'merged', 'lapsed', 'touches', 'opened', 'claimed', 'handed_over', 'task',
    'task_done', 'note', 'linked', 'contained', 'closed', 'split_off', 'placed'));
