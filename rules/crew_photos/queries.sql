-- names
select 1 from collection_act where act_id = %(act_id)s and seen ->> 'photo_sha256' = %(sha256)s

-- keep
insert into crew_photo (act_id, sha256, width, height, jpeg)
values (%(act_id)s, %(sha256)s, %(width)s, %(height)s, %(jpeg)s)
on conflict (act_id, sha256) do nothing

-- jpeg
select jpeg from crew_photo where sha256 = %(sha256)s order by photo_id limit 1
