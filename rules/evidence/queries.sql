-- home_id
select home_id from home where code = %(code)s

-- open_case
insert into housing_case (home_id, kind, hazard, landlord, council_owned, opened_at, opened_by)
values (%(home_id)s, %(kind)s, %(hazard)s, %(landlord)s, %(council_owned)s, %(at)s, %(by)s)
returning case_id

-- lock_case
select case_id from housing_case
 where case_id = %(case_id)s and (%(home_id)s::integer is null or home_id = %(home_id)s) for update

-- cases
select case_id, home_id, kind, hazard, landlord, council_owned, opened_at, opened_by
  from housing_case
 where (%(case_id)s::bigint is null or case_id = %(case_id)s)
   and (%(home_id)s::integer is null or home_id = %(home_id)s)
 order by case_id

-- events
select case_id, case_event_id as number, kind, extract(epoch from at)::float8 as at_s, step, until, refers_to, note, by, role,
       extract(epoch from recorded_at)::float8 as recorded_s
  from case_event where case_id = any (%(case_ids)s::bigint[]) order by case_event_id

-- add_event
insert into case_event (case_id, kind, at, step, until, refers_to, note, by, role, recorded_at)
values (%(case_id)s, %(kind)s, to_timestamp(%(at_s)s::float8), %(step)s, %(until)s, %(refers_to)s, %(note)s, %(by)s,
        %(role)s, %(now)s)
returning case_event_id as number, extract(epoch from recorded_at)::float8 as recorded_s

-- log_contact
insert into contact_log (home_id, at, method, who, said, reply, replied_at, by, recorded_at)
values (%(home_id)s, %(at)s, %(method)s, %(who)s, %(said)s, %(reply)s, %(replied_at)s, %(by)s, %(recorded_at)s)
returning contact_id, recorded_at

-- reply
update contact_log set reply = %(reply)s, replied_at = %(at)s
 where home_id = %(home_id)s and contact_id = %(contact_id)s and replied_at is null

-- contacts
select contact_id, at, method, who, said, reply, replied_at, by, recorded_at
  from contact_log
 where home_id = %(home_id)s and (%(contact_id)s::bigint is null or contact_id = %(contact_id)s)
 order by at, contact_id

-- remind_at
insert into home_contact (home_id, channel, address, set_by) values (%(home_id)s, %(channel)s, %(address)s, resident_id())
on conflict (home_id, channel) do update set address = excluded.address, set_by = excluded.set_by, set_at = now()

-- remind_no_more
delete from home_contact where home_id = %(home_id)s and channel = %(channel)s

-- channels_of
-- Of a household that has changed since a case was opened, nobody is reminded of it.
select channel from home_contact
 where home_id = %(home_id)s and (%(of_case_at)s::timestamptz is null or %(of_case_at)s >= household_since(home_id))
 order by channel

-- add_photo
insert into evidence_photo (home_id, taken_at, room, caption, width, height, jpeg, sha256, original_sha256, original_bytes,
                            original, by, added_at)
values (%(home_id)s, %(taken_at)s, %(room)s, %(caption)s, %(width)s, %(height)s, %(jpeg)s, %(sha256)s, %(original_sha256)s,
        %(original_bytes)s, %(original)s, %(by)s, %(added_at)s)
on conflict (home_id, original_sha256) do nothing

-- photos
select photo_id, taken_at, room, caption, width, height, sha256, original_sha256, original_bytes, by, added_at
  from evidence_photo
 where home_id = %(home_id)s and (%(original_sha256)s::text is null or original_sha256 = %(original_sha256)s)
 order by taken_at, photo_id

-- photo_bytes
select jpeg from evidence_photo where home_id = %(home_id)s and photo_id = %(photo_id)s

-- remove_photo
delete from evidence_photo where home_id = %(home_id)s and photo_id = %(photo_id)s

-- record_pack
insert into evidence_pack (pack_id, home_id, from_day, to_day, made_at, made_by, sha256, bytes, manifest_sha256, key_id)
values (%(pack_id)s, %(home_id)s, %(from_day)s, %(to_day)s, %(made_at)s, %(made_by)s, %(sha256)s, %(bytes)s,
        %(manifest_sha256)s, %(key_id)s)
on conflict (pack_id) do update set sha256 = excluded.sha256, bytes = excluded.bytes, made_by = excluded.made_by,
        manifest_sha256 = excluded.manifest_sha256, key_id = excluded.key_id

-- packs
select pack_id, from_day, to_day, made_at, made_by, sha256, bytes, manifest_sha256, key_id
  from evidence_pack where home_id = %(home_id)s order by made_at, pack_id
