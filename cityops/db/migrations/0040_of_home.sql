-- contract: nobody misses anything but the pages of the release before, which for the minutes of a change-over show no alarms of homes and ask nobody about reminders of bin days: rules are the owner, whom no policy binds
-- Which alarms tell of a home stands with the alarm, and what tells of one is closed to the website's role: routines/shown.sql has
-- what is shown of it instead.

-- It never goes back: an alarm that had a home in it, or a household's device, tells of it also when that has left.
alter table alarm add column of_home boolean not null default false;
update alarm a set of_home = true
 where subject_kind = 'home'
    or subject_kind = 'device' and exists (select from device d where d.name = a.subject and d.private)
    or exists (select from alarm_member m where m.alarm_id = a.alarm_id and (m.kind = 'home'
               or m.kind = 'device' and exists (select from device d where d.name = m.subject and d.private)));

create function alarm_is_of_a_home() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.of_home := new.of_home or new.subject_kind = 'home'
        or new.subject_kind = 'device' and exists (select from device d where d.name = new.subject and d.private);
    return new;
end $$;
create trigger alarm_is_of_a_home before insert or update of subject_kind, subject, reason, inputs, of_home on alarm
    for each row execute function alarm_is_of_a_home();

create function alarm_has_a_home() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update alarm set of_home = true
     where not of_home and alarm_id in (
           select a.alarm_id from added a where a.kind = 'home'
               or a.kind = 'device' and exists (select from device d where d.name = a.subject and d.private));
    return null;
end $$;
create trigger alarm_has_a_home after insert on alarm_member
    referencing new table as added for each statement execute function alarm_has_a_home();

alter table alarm enable row level security;
alter table alarm_member enable row level security;
alter table alarm_log enable row level security;
alter table late_window enable row level security;
alter table notification enable row level security;
alter table work_item enable row level security;
alter table device_status enable row level security;
alter table rule_override enable row level security;
