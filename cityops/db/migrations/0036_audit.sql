-- Who saw or changed what: appended to, never changed, each line chained to the one before it.
--
-- No role may touch these tables: lines come by audit_add() and are read by audit_read(), in routines/audit.sql.

create table audit_entry (
    entry_id   bigint primary key,
    at_us      bigint not null,
    actor_kind text not null,
    actor_id   text not null,
    roles      text not null,
    via        text not null,
    action     text not null,
    object     text not null,
    reason     text not null,
    outcome    text not null,
    source     text not null,
    request_id text not null,
    detail     text not null,
    link       bytea not null
);
comment on table audit_entry is 'No role reads it; audit_read() does, and says so in it. No names and no addresses: ids and marks.';
create index audit_entry_actor on audit_entry (actor_id, entry_id);
create index audit_entry_object on audit_entry (object, entry_id);

-- The newest row is the line after which what is kept begins: older ones were cut off when their time was over.
create table audit_base (
    entry_id bigint primary key,
    link     bytea not null,
    cut_at   timestamptz not null default now()
);
comment on table audit_base is 'No role reads it; audit_head() and audit_add() do.';

-- Keys that networks are marked with, one a month. Once a key is dropped nobody can tell which network a mark is of.
create table audit_source_key (
    month date primary key,
    key   bytea not null
);
comment on table audit_source_key is 'No role reads it; audit_add() does.';

create function audit_stays() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('cityops.audit_cut', true) = 'on' then
        return old;
    end if;
    raise exception '% is appended only: % is refused', tg_table_name, tg_op using errcode = 'integrity_constraint_violation';
end $$;
create trigger audit_entry_stays before update or delete on audit_entry for each row execute function audit_stays();
create trigger audit_entry_stays_whole before truncate on audit_entry for each statement execute function audit_stays();
create trigger audit_base_stays before update or delete on audit_base for each row execute function audit_stays();
create trigger audit_base_stays_whole before truncate on audit_base for each statement execute function audit_stays();
