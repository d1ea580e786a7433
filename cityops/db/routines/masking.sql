-- What staff are shown of homes. One place for every query that shows alarms, and for the words of messages.
--
-- A home that shares its risk with the housing team goes by its number, never by its code (a secret) nor its label (an
-- address). Any other is "a home" without a number, and why its alarm is up is the household's: its alarm has a
-- number of its own. p_until: when what is shown was measured last, null for now (an alarm's cleared_at). A number is
-- made text by a cast: `||` with a number is only stable, and would keep these out of the queries that ask.

drop function if exists masked_subject(text, text, integer), masked_title(text, text, integer, text, text),
    masked_reason(text, text, integer, text, text), masked_member(text, text, text, text, text, home, home, timestamptz);

create or replace function home_told(p_home integer, p_until timestamptz) returns boolean
language sql stable
return p_home is not null and consented(p_home, 'risk', 'council:housing', least(coalesce(p_until, now()), now()));

-- A home's code and label replaced by its number; by "a home" where that is not to be told. Null parts change nothing.
create or replace function by_number(p_text text, p_home integer, p_code text, p_label text) returns text
language sql immutable parallel safe
return replace(replace(p_text, coalesce(p_code, ''), coalesce('home ' || p_home::text, 'a home')),
               coalesce(p_label, ''), coalesce('Home ' || p_home::text, 'A home'));

create or replace function masked_subject(kind text, subject text, home_id integer, p_until timestamptz) returns text
language sql stable
return case when kind is distinct from 'home' then subject
            when home_told(home_id, p_until) then 'home ' || home_id::text else 'a home' end;

-- Of a home's title only what stands behind its name; of one that is gone nothing.
create or replace function masked_title(
    kind text, title text, home_id integer, code text, label text, p_until timestamptz
) returns text
language sql stable
return case when kind <> 'home' then title when home_id is null then 'A home'
            else case when home_told(home_id, p_until) then 'Home ' || home_id::text else 'A home' end
                 || by_number(coalesce(substring(title from ': [^:]*$'), ''),
                              case when home_told(home_id, p_until) then home_id end, code, label) end;

create or replace function masked_reason(
    kind text, reason text, home_id integer, code text, label text, p_until timestamptz
) returns text
language sql stable
return case when kind is distinct from 'home' then reason
            when home_told(home_id, p_until) then by_number(reason, home_id, code, label)
            when home_id is null then '' else 'Its readings are the household''s.' end;

-- Why something is in an alarm, or left it. Of a device in a home only that it is silent is told.
create or replace function masked_member(
    p_kind text, p_subject text, p_reason text, p_rule text, p_of_kind text, p_home home_named, p_of_home home_named, p_until timestamptz
) returns text
language sql stable as $$
    select case when p_kind = 'home' then
                    case when home_told(p_home.home_id, p_until)
                         then by_number(by_number(p_reason, p_home.home_id, p_home.code, p_home.label),
                                        null, p_of_home.code, p_of_home.label) else '' end
                when p_of_kind = 'home' then
                    case when p_of_home.home_id is null then ''
                         when home_told(p_of_home.home_id, p_until)
                         then by_number(p_reason, p_of_home.home_id, p_of_home.code, p_of_home.label)
                         when p_kind = 'device' and p_rule = 'device.silent'
                         then by_number(p_reason, null, p_of_home.code, p_of_home.label) else '' end
                when p_kind = 'device' and p_rule <> 'device.silent' and is_private(p_subject) then ''
                else p_reason end
$$;

-- Likewise as the version before asks, whose pages go on while the new one comes up.
create or replace function masked_member(
    p_kind text, p_subject text, p_reason text, p_rule text, p_of_kind text, p_home home, p_of_home home, p_until timestamptz
) returns text
language sql stable as $$
    select masked_member(p_kind, p_subject, p_reason, p_rule, p_of_kind,
                         row (p_home.home_id, p_home.code, p_home.label)::home_named,
                         row (p_of_home.home_id, p_of_home.code, p_of_home.label)::home_named, p_until)
$$;
