-- Photos that crews take at bins, encoded anew: pixels and nothing else.

create table crew_photo (
    photo_id bigint generated always as identity primary key,
    act_id   bigint not null references collection_act,
    sha256   text not null check (sha256 = encode(sha256(jpeg), 'hex')),
    width    integer not null check (width > 0),
    height   integer not null check (height > 0),
    jpeg     bytea not null check (length(jpeg) <= 4194304), -- rules/evidence/pictures.py: of at most 2000 x 2000 pixels
    kept_at  timestamptz not null default now(),
    unique (act_id, sha256)
);
create index crew_photo_sha256 on crew_photo (sha256);
create index crew_photo_kept_at on crew_photo (kept_at);
alter table crew_photo alter column jpeg set storage external; -- what is packed is not packed again

-- Appended only, also for whoever owns the table; a photo may show people, so that it goes at its age, and not before.
create function crew_photo_stays() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.kept_at < now() - interval '30 days' then
        return old;
    end if;
    raise exception 'crew_photo is appended only and kept for 30 days at least: % is refused', tg_op
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger crew_photo_stays before update or delete on crew_photo for each row execute function crew_photo_stays();
create trigger crew_photo_stays_whole before truncate on crew_photo for each statement execute function crew_photo_stays();
