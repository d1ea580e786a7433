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

-- What the map of wards tells, counted once for each week of findings: who compares two days sees nobody who came between.
create table ward_week (
    week    date not null,          -- its Monday
    ward_id text not null references ward on delete cascade,
    homes   integer not null,
    at_risk integer not null,
    as_of   date not null,          -- newest day that findings were of
    primary key (week, ward_id)
);
