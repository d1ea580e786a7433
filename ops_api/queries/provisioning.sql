-- device_of
-- A device with what stands of its identity.
select d.device_id, d.name, d.kind, d.shard, d.cadence_s, d.retired_at, coalesce(s.state, 'active') as state,
       coalesce(s.reason, '') as reason, s.changed_at, s.keep, c.kind as credential, c.made_at as credential_at, c.expires_at,
       l.hint, l.expires_at as label_until, l.used_at is not null as label_used
  from device_known d left join device_state s using (device_id)
  left join device_credential c on c.device_id = d.device_id and c.state = 'current'
  left join device_claim l on l.device_id = d.device_id and l.revoked_at is null
 where d.name = %(name)s

-- devices_known
-- Devices by name, a page at a time.
select d.device_id, d.name, d.kind, d.shard, d.cadence_s, d.retired_at, coalesce(s.state, 'active') as state,
       coalesce(s.reason, '') as reason, s.changed_at, s.keep, c.kind as credential, c.made_at as credential_at, c.expires_at,
       l.hint, l.expires_at as label_until, l.used_at is not null as label_used
  from device_known d left join device_state s using (device_id)
  left join device_credential c on c.device_id = d.device_id and c.state = 'current'
  left join device_claim l on l.device_id = d.device_id and l.revoked_at is null
 where (%(after)s::text is null or d.name > %(after)s) and (%(q)s::text = '' or strpos(d.name, %(q)s) > 0)
   and (%(state)s::text is null or coalesce(s.state, 'active') = %(state)s)
 order by d.name limit %(limit)s

-- devices_by_state
select coalesce(s.state, 'active') as state, count(*) as devices from device_known d left join device_state s using (device_id)
 group by 1 order by 1

-- device_lock
-- Acts upon one device come one after the other.
select pg_advisory_xact_lock(hashtext('cityops device'), %(device_id)s)

-- device_made
select device_add(%(name)s, %(kind)s, %(shard)s, %(cadence_s)s) as device_id

-- device_gone
select device_retire(%(device_id)s)

-- device_state_put
insert into device_state as t (device_id, state, reason, keep) values (%(device_id)s, %(state)s, %(reason)s, %(keep)s)
on conflict (device_id) do update set state = excluded.state, reason = excluded.reason, keep = excluded.keep, changed_at = now()

-- device_act_add
insert into device_act (device_id, "by", act, detail) values (%(device_id)s, %(by)s, %(act)s, %(detail)s)

-- device_acts
select at, "by", act, detail from device_act where device_id = %(device_id)s order by act_id desc limit 50

-- device_runs
select install, boot, started_ms, first_seen, last_seen from device_install where device_id = %(device_id)s order by run_id

-- device_runs_forget
delete from device_install where device_id = %(device_id)s

-- devices_to_judge
-- Devices in service whose runs may tell of two: three and more, or any where one card alone is believed.
select d.device_id, d.name, s.keep,
       jsonb_agg(jsonb_build_array(i.install, i.boot, i.started_ms, i.first_seen, i.last_seen) order by i.run_id) as runs
  from device_install i join device_known d using (device_id) left join device_state s using (device_id)
 where coalesce(s.state, 'active') = 'active' and d.retired_at is null
 group by d.device_id, d.name, s.keep having count(*) >= 3 or s.keep is not null

-- claim_found
select c.claim_id, c.device_id, c.expires_at, c.revoked_at is not null as revoked, c.install, c.verifier, d.name, d.kind, d.shard,
       d.cadence_s, case when d.retired_at is not null then 'retired' else coalesce(s.state, 'active') end as state
  from device_claim c join device_known d using (device_id) left join device_state s using (device_id)
 where c.code_hash = %(hash)s

-- claim_used
update device_claim set used_at = now(), install = %(install)s, verifier = %(verifier)s where claim_id = %(claim_id)s

-- claims_revoke
update device_claim set revoked_at = now() where device_id = %(device_id)s and revoked_at is null

-- claim_add
insert into device_claim (device_id, code_hash, hint, made_by, expires_at)
values (%(device_id)s, %(hash)s, %(hint)s, %(by)s, now() + %(life)s) returning expires_at

-- claim_tries
select coalesce(sum(tries), 0)::integer as tries from claim_try
where source = %(source)s and hour = date_trunc('hour', now())

-- claim_tried
insert into claim_try as t (source, hour, tries) values (%(source)s, date_trunc('hour', now()), 1)
on conflict (source, hour) do update set tries = t.tries + 1

-- claim_tries_forget
delete from claim_try where hour < now() - interval '2 days'

-- update_keys
-- Who may sign updates, as a list that a device begins with.
select key_id, encode(public_key, 'hex') as public, use from bundle_key where retired_at is null order by key_id

-- credential_now
select kind, verifier, serial from device_credential where device_id = %(device_id)s and state = 'current'

-- credentials_before
-- What the device showed before its present credential, for as long as an answer may still be asked for again. A password that
-- was made anew is on the device beside the old one; a certificate is made here, and where its answers are lost it has none but the old.
select verifier from device_credential where device_id = %(device_id)s and state = 'old'
   and ended_at > now() - case kind when 'x509' then interval '30 days' else interval '1 day' end
 order by ended_at desc

-- credentials_end
update device_credential set state = %(state)s, ended_at = now(), ended_why = %(why)s
 where device_id = %(device_id)s and (state = 'current' or %(state)s = 'revoked' and state = 'old')

-- credential_add
-- Nothing where the device had it before: what was given up, or revoked, is good for nothing.
insert into device_credential (device_id, kind, verifier, serial, expires_at, state)
values (%(device_id)s, %(kind)s, %(verifier)s, %(serial)s, %(expires_at)s, 'current')
on conflict (device_id, verifier) do nothing returning credential_id

-- broker_logins
-- Every device that is provisioned, with the login that it is to have: verifier null: none.
select d.name, c.kind,
       case when d.retired_at is null and coalesce(s.state, 'active') = 'active' then c.verifier end as verifier
  from device_known d left join device_state s using (device_id)
  left join device_credential c on c.device_id = d.device_id and c.state = 'current'
 where s.device_id is not null or c.device_id is not null

-- broker_adopt
-- Logins that were made by hand in the broker's file, of devices that were there before there were claims, or were added and that nobody
-- has claimed: from now on they stand here, and the device is in service.
with given as (
    select d.device_id, r.verifier, s.state
      from jsonb_to_recordset(%(rows)s) as r(name text, verifier text) join device_known d on d.name = r.name
      left join device_state s using (device_id)
     where d.retired_at is null and not exists (select from device_credential c where c.device_id = d.device_id)
), let_in as (
    select device_id, verifier from given
     where state is null or state = 'unclaimed' and device_claims_by_hand(device_id, 'the operator', 'by a login that was made in the broker''s file')
)
insert into device_credential (device_id, kind, verifier, state)
select device_id, 'token', verifier, 'current' from let_in
on conflict do nothing returning device_id

-- revoked_certificates
-- Those that are no good before their time; one that was renewed is so thirty days later, when its answer can't be lost any more.
select c.serial, d.name, coalesce(c.ended_at, s.changed_at, d.retired_at, now()) as at
  from device_credential c left join device_state s using (device_id) join device_known d using (device_id)
 where c.kind = 'x509' and c.expires_at > now()
   and (c.state = 'revoked' or c.state = 'old' and c.ended_at < now() - interval '30 days'
        or d.retired_at is not null or coalesce(s.state, 'active') <> 'active')

-- household_claim_state
select device_claim_state(%(hash)s) as state

-- household_claim_home
select device_claim_home(%(hash)s, %(home_id)s, %(room)s, '') as home_id

-- household_claim_join
select * from device_claim_join(%(hash)s, %(new_code)s, %(once)s)
