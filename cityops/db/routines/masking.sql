-- What staff are shown of homes: a number, never the code (a secret) nor the label (an address). One place
-- for every query that shows alarms. Plain and immutable expressions (a number is made text by a cast, `||` with a number is only
-- stable): the planner puts them into the query that asks.

create or replace function masked_subject(kind text, subject text, home_id integer) returns text
language sql immutable parallel safe
return case when kind = 'home' then 'home ' || coalesce(home_id::text, '?') else subject end;

-- Of a home's title only what stands behind its name; of one that is gone nothing.
create or replace function masked_title(kind text, title text, home_id integer, code text, label text) returns text
language sql immutable parallel safe
return case when kind <> 'home' then title when home_id is null then 'Home ?'
            else 'Home ' || home_id::text || replace(replace(coalesce(substring(title from ': [^:]*$'), ''),
                     code, 'home ' || home_id::text), label, 'Home ' || home_id::text) end;

create or replace function masked_reason(kind text, reason text, home_id integer, code text, label text) returns text
language sql immutable parallel safe
return case when kind <> 'home' then reason when home_id is null then ''
            else replace(replace(reason, code, 'home ' || home_id::text), label, 'Home ' || home_id::text) end;
