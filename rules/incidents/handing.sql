-- routes
-- The newest decision on each route that is not older than a night, and the newest word of an officer's about it or since.
select r.route_id, r.label, d.outcome, d.reason, extract(epoch from d.decided_at)::float8 as at_s,
       t.what, extract(epoch from t.at)::float8 as answered_at_s
  from gritting_route r
  cross join lateral (
    select decision_id, outcome, reason, decided_at from decision
     where rule_id = 'winter.gritting' and subject_kind = 'route' and subject = r.route_id
       and decided_at >= to_timestamp(%(now_s)s) - make_interval(secs => %(back_s)s) and decided_at <= to_timestamp(%(now_s)s) + interval '1 minute'
     order by decided_at desc, decision_id desc limit 1) d
  left join lateral (
    select what, at from treatment_act
     where route_id = r.route_id and (decision_id = d.decision_id or at >= d.decided_at) order by act_id desc limit 1) t on true
 order by r.priority, r.route_id

-- rounds
select p.day::text as day, p.version,
       (select count(*) from jsonb_array_elements(p.plan -> 'rounds') r where r -> 'stops' <> '[]')::integer as lorries,
       (select count(*) from jsonb_path_query(p.plan, '$.rounds[*].stops[*] ? (@.kind == "bin")'))::integer as bins,
       count(c.act_id) filter (where c.what = 1)::integer as done, count(c.act_id) filter (where c.what > 1)::integer as left
  from (select * from round_plan where day = %(day)s::date order by version desc limit 1) p
  left join collection_act c on c.role = 'crew' and c.what between 1 and 4 and c.at >= to_timestamp(%(from_s)s)
       and c.at < to_timestamp(%(to_s)s) and not exists (select from collection_act w where w.withdraws = c.act_id)
 group by p.version, p.day, p.plan

-- out
select lorry from (select distinct on (lorry) lorry, what from round_lorry_service order by lorry, service_id desc) s
 where what = 'broken' order by lorry
