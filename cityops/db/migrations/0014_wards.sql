-- Areas in which homes are counted together: the only place that a home has outside its household.

create table ward (
    ward_id  text primary key,
    label    text not null,
    boundary jsonb not null default '[]' -- outline as [[longitude, latitude], ...]; empty: not known
);
alter table home add column ward_id text references ward;
create index home_ward on home (ward_id);

-- Who wrote an entry of a case: the household, or the council's officer. The officer is not shown the household's notes.
alter table case_event add column role text not null default 'resident' check (role in ('resident', 'officer'));

-- What was reminded of a case is found by the case's number.
create index notification_reminder on notification (key text_pattern_ops) where kind = 'reminder';
