-- account_add
insert into account (name, label, roles, made_by, oidc_subject, made_at)
values (%(name)s, %(label)s, %(roles)s, %(by)s, %(subject)s, %(now)s)
on conflict do nothing returning account_id

-- account_lock
-- One at a time makes the first administrator, takes the last one's role, or makes an account for somebody at the provider.
select pg_advisory_xact_lock(hashtext('cityops account'))

-- admins_but
-- Whether an account is an administrator's, and how many others there are who could sign in.
select exists (select from account where account_id = %(account_id)s and 'admin' = any (roles) and disabled_at is null) as is_admin,
       count(*)::integer as others from account a
where 'admin' = any (roles) and disabled_at is null and account_id <> %(account_id)s
  and (a.oidc_subject is not null
       or exists (select from account_password p where p.account_id = a.account_id)
       or exists (select from passkey k where k.account_id = a.account_id))

-- accounts_ready
-- Whether an administrator has a way to sign in.
select exists (
    select from account a where 'admin' = any (a.roles) and a.disabled_at is null
       and (exists (select from account_password p where p.account_id = a.account_id)
            or exists (select from passkey k where k.account_id = a.account_id)
            or a.oidc_subject is not null)) as ready

-- accounts
select a.account_id, a.name, a.label, a.roles, a.made_at, a.made_by, a.disabled_at, a.seen_on, a.epoch,
       a.oidc_subject is not null as provider,
       exists (select from account_password p where p.account_id = a.account_id) as password,
       exists (select from account_totp t where t.account_id = a.account_id and t.confirmed_at is not null) as totp,
       (select count(*) from passkey k where k.account_id = a.account_id)::integer as passkeys,
       (select count(*) from recovery_code r where r.account_id = a.account_id and r.used_at is null)::integer as codes
from account a
where a.name = %(name)s

-- accounts_page
-- By name, after a name, with a text in the name or what people call them, and of a role. How each signs in is looked up for those
-- that are shown alone.
select a.account_id, a.name, a.label, a.roles, a.made_at, a.made_by, a.disabled_at, a.seen_on, a.epoch,
       a.oidc_subject is not null as provider,
       exists (select from account_password p where p.account_id = a.account_id) as password,
       exists (select from account_totp t where t.account_id = a.account_id and t.confirmed_at is not null) as totp,
       (select count(*) from passkey k where k.account_id = a.account_id)::integer as passkeys,
       (select count(*) from recovery_code r where r.account_id = a.account_id and r.used_at is null)::integer as codes
from (select * from account x
       where (%(after)s::text is null or x.name > %(after)s)
         and (%(text)s = '' or position(lower(%(text)s) in lower(x.name)) > 0 or position(lower(%(text)s) in lower(x.label)) > 0)
         and (%(role)s::text is null or %(role)s = any (x.roles))
       order by x.name limit %(limit)s) a
order by a.name

-- accounts_count
select count(*) as accounts from account x
 where (%(text)s = '' or position(lower(%(text)s) in lower(x.name)) > 0 or position(lower(%(text)s) in lower(x.label)) > 0)
   and (%(role)s::text is null or %(role)s = any (x.roles))

-- account_names
-- Of these numbers; what is no number is nobody's.
select account_id::text as account_id, name from account where account_id::text = any (%(numbers)s) or name = %(name)s

-- account_by_id
select account_id, name, label, roles, disabled_at, epoch from account where account_id = %(account_id)s

-- account_by_subject
select account_id, name, label, roles, disabled_at, epoch from account where oidc_subject = %(subject)s

-- account_to_sign_in
-- With the password's hash, where it has one.
select a.account_id, a.name, a.label, a.roles, a.epoch, p.hash
from account a left join account_password p using (account_id)
where a.name = %(name)s and a.disabled_at is null

-- account_set_roles
-- Roles of another kind end all sessions: what was let in under the old ones is not. Nothing where it is no longer as it was seen.
update account set roles = %(roles)s, epoch = epoch + (roles is distinct from %(roles)s)::integer
where account_id = %(account_id)s and (%(seen)s::integer[] is null or epoch = any(%(seen)s)) returning account_id

-- account_disable
update account set disabled_at = %(now)s, epoch = epoch + 1 where account_id = %(account_id)s and disabled_at is null

-- account_enable
update account set disabled_at = null where account_id = %(account_id)s

-- account_end_sessions
update account set epoch = epoch + 1 where account_id = %(account_id)s

-- account_seen
update account set seen_on = %(now)s::date where account_id = %(account_id)s and seen_on is distinct from %(now)s::date

-- password_set
insert into account_password (account_id, hash, set_at) values (%(account_id)s, %(hash)s, %(now)s)
on conflict (account_id) do update set hash = excluded.hash, set_at = excluded.set_at

-- password_rehash
update account_password set hash = %(hash)s where account_id = %(account_id)s and hash = %(before)s

-- password_hash
select hash from account_password where account_id = %(account_id)s

-- totp_begin
-- A secret that nobody has confirmed yet gives way to the next; a confirmed one does not.
insert into account_totp (account_id, sealed) values (%(account_id)s, %(sealed)s)
on conflict (account_id) do update set sealed = excluded.sealed, last_step = 0 where account_totp.confirmed_at is null
returning account_id

-- totp_of
select sealed, confirmed_at, last_step from account_totp where account_id = %(account_id)s

-- totp_use
-- Each code opens once: of two at the same moment one finds no row.
update account_totp set last_step = %(step)s, confirmed_at = coalesce(confirmed_at, %(now)s)
where account_id = %(account_id)s and last_step < %(step)s returning account_id

-- totp_drop
delete from account_totp where account_id = %(account_id)s

-- codes_drop
delete from recovery_code where account_id = %(account_id)s

-- code_add
insert into recovery_code (hash, account_id) values (%(hash)s, %(account_id)s)

-- code_use
update recovery_code set used_at = %(now)s where hash = %(hash)s and account_id = %(account_id)s and used_at is null
returning account_id

-- factors
-- What an account can show besides a password.
select exists (select from account_totp t where t.account_id = %(account_id)s and t.confirmed_at is not null) as totp,
       exists (select from passkey k where k.account_id = %(account_id)s) as passkey

-- staff_session_add
insert into staff_session (account_id, account_epoch, token_hash, made_at, rotated_at, seen_at, strong_at, expires_at, how, mfa, agent)
select account_id, epoch, %(hash)s, %(now)s, %(now)s, %(now)s, %(strong_at)s, %(expires_at)s, %(how)s, %(mfa)s, %(agent)s
from account where account_id = %(account_id)s and disabled_at is null
returning session_id

-- staff_session
-- A session that holds, and whose it is.
select s.session_id, s.account_id, a.name, a.label, a.roles, s.mfa, s.how, s.made_at, s.rotated_at, s.seen_at, s.strong_at, s.expires_at,
       s.token_hash = %(hash)s as newest, s.old_hash is not null and s.old_until is null as unseen
from staff_session s join account a using (account_id)
where (s.token_hash = %(hash)s or s.old_hash = %(hash)s and (s.old_until is null or s.old_until > %(now)s))
  and s.revoked_at is null and s.expires_at > %(now)s and s.seen_at > %(now)s - %(idle)s
  and a.disabled_at is null and a.epoch = s.account_epoch

-- staff_session_seen
-- The successor of a token was seen: the token before it holds a minute longer, for requests on their way.
update staff_session
   set seen_at = greatest(seen_at, %(now)s),
       old_until = case when token_hash = %(hash)s and old_hash is not null and old_until is null
                        then %(now)s + interval '1 minute' else old_until end
 where session_id = %(session_id)s

-- staff_session_rotate
-- Who still shows the old token has not got the new one: it gets another. The end does not move.
update staff_session
   set old_hash = %(hash)s, old_until = null, token_hash = %(new)s, rotated_at = %(now)s, seen_at = greatest(seen_at, %(now)s)
 where session_id = %(session_id)s and revoked_at is null
   and (token_hash = %(hash)s and (rotated_at < %(now)s - %(every)s or old_hash is not null and old_until is null)
        or old_hash = %(hash)s and old_until is null)
returning session_id

-- staff_session_end
-- Compared as text: what a form sends may be no number at all.
update staff_session set revoked_at = %(now)s where session_id::text = %(session_id)s and account_id = %(account_id)s and revoked_at is null
returning session_id

-- staff_sessions_end_others
update staff_session set revoked_at = %(now)s
where account_id = %(account_id)s and session_id is distinct from %(session_id)s::uuid and revoked_at is null

-- staff_sessions
select s.session_id, s.made_at, s.seen_at, s.expires_at, s.how, s.mfa, s.agent
from staff_session s join account a using (account_id)
where s.account_id = %(account_id)s and s.revoked_at is null and s.expires_at > %(now)s and s.seen_at > %(now)s - %(idle)s
  and s.account_epoch = a.epoch
order by s.seen_at desc

-- step_add
insert into sign_in_step (step_hash, what, account_id, resident_id, browser_hash, data, expires_at)
values (%(hash)s, %(what)s, %(account_id)s, %(resident_id)s, %(browser)s, %(data)s, %(expires_at)s)

-- step_look
select account_id, resident_id, data, wrong from sign_in_step
where step_hash = %(hash)s and what = %(what)s and used_at is null and expires_at > %(now)s
  and (browser_hash is null or browser_hash = %(browser)s)

-- step_wrong
update sign_in_step set wrong = wrong + 1 where step_hash = %(hash)s and used_at is null and wrong < %(most)s returning wrong

-- step_take
-- Of two at the same moment one finds no row.
update sign_in_step set used_at = %(now)s
where step_hash = %(hash)s and what = %(what)s and used_at is null and expires_at > %(now)s
  and (browser_hash is null or browser_hash = %(browser)s)
returning account_id, resident_id, data

-- steps_void
-- Links of an account that were not used: a new one takes their place.
update sign_in_step set used_at = %(now)s where account_id = %(account_id)s and what = 'link' and used_at is null

-- steps_void_resident
-- Codes for a resident's phones that were not used.
update sign_in_step set used_at = %(now)s where resident_id = %(resident_id)s and what = 'link' and used_at is null

-- steps_forget
delete from sign_in_step where expires_at < %(now)s - interval '1 day'

-- try_of
select wrong, last_at, until from sign_in_try where subject = %(subject)s and source = %(source)s for update

-- try_lock
-- A row that does not exist yet can't be locked: one at a time for each account.
select pg_advisory_xact_lock(hashtext('cityops try'), hashtext(encode(%(subject)s::bytea, 'hex')))

-- try_put
insert into sign_in_try (subject, source, wrong, last_at, until) values (%(subject)s, %(source)s, %(wrong)s, %(last_at)s, %(until)s)
on conflict (subject, source) do update set wrong = excluded.wrong, last_at = excluded.last_at, until = excluded.until

-- try_drop
delete from sign_in_try where subject = %(subject)s and source = %(source)s

-- tries_forget
delete from sign_in_try where last_at < %(now)s - interval '1 day'

-- key_add
insert into api_key (key_id, mark, label, owner_account, scopes, made_at, expires_at)
values (%(key_id)s, %(mark)s, %(label)s, %(account_id)s, %(scopes)s, %(now)s, %(expires_at)s)

-- key_by_id
-- With its owner's roles as they are now.
select k.key_id, k.mark, k.label, k.scopes, k.used_on, a.roles, a.name as owner
from api_key k join account a on a.account_id = k.owner_account
where k.key_id = %(key_id)s and k.revoked_at is null and k.expires_at > %(now)s and a.disabled_at is null

-- key_used
update api_key set used_on = %(now)s::date where key_id = %(key_id)s and used_on is distinct from %(now)s::date

-- keys
-- Of one account, or of all.
select k.key_id, k.label, a.name as owner, k.scopes, k.made_at, k.expires_at, k.revoked_at, k.used_on
from api_key k join account a on a.account_id = k.owner_account
where %(account_id)s::uuid is null or k.owner_account = %(account_id)s
order by k.revoked_at is not null, k.made_at desc, k.key_id

-- key_revoke
-- Of one account where it is given; else whosever.
update api_key set revoked_at = %(now)s
where key_id = %(key_id)s and revoked_at is null
  and (%(account_id)s::uuid is null or owner_account = %(account_id)s)
returning key_id, label

-- passkey_add
insert into passkey (credential_id, account_id, resident_id, public_key, sign_count, label, made_at)
values (%(credential_id)s, %(account_id)s, %(resident_id)s, %(public_key)s, %(sign_count)s, %(label)s, %(now)s)
on conflict do nothing returning credential_id

-- passkey_of
select k.credential_id, k.account_id, k.resident_id, k.public_key, k.sign_count from passkey k where k.credential_id = %(credential_id)s

-- passkey_used
-- A count that goes back is of a copy: of two at the same moment with one count, one finds no row.
update passkey set sign_count = %(sign_count)s, used_on = %(now)s::date
where credential_id = %(credential_id)s and (sign_count = 0 and %(sign_count)s >= 0 or sign_count < %(sign_count)s) returning credential_id

-- passkeys
select credential_id, label, made_at, used_on from passkey
where account_id is not distinct from %(account_id)s::uuid and resident_id is not distinct from %(resident_id)s::uuid
order by made_at, credential_id

-- passkeys_drop
delete from passkey where account_id = %(account_id)s

-- passkey_drop
delete from passkey where credential_id = %(credential_id)s
  and account_id is not distinct from %(account_id)s::uuid and resident_id is not distinct from %(resident_id)s::uuid
returning credential_id
