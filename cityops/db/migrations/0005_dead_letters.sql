-- Dead letters that are bounded, counted to the last one, and replayable.

-- Dead letters beyond what is kept of one sender: not kept, but counted in the same
-- transaction, so that published = stored + dead_letter + sum(letters) here.
create table dead_letter_overflow (
    hour          timestamptz not null,
    device        text,          -- a registered device; null for all names that are not
    shard         smallint,      -- of those: the shard they sent on, null where the topic names none
    reason_code   text not null, -- closed set: ingest.core.reasons
    letters       bigint not null,
    payload_bytes bigint not null, -- as sent
    last_at       timestamptz not null,
    unique nulls not distinct (hour, device, shard, reason_code)
) with (fillfactor = 50); -- counted up in place: no index has a column that changes

-- Of a letter with a number: the device whose ledger holds that number. No reference,
-- since a letter outlives its device.
alter table dead_letter add column device_id integer;
update dead_letter l set device_id = d.device_id from device d where d.name = l.device and l.boot is not null;
create index dead_letter_reason on dead_letter (reason_code, dead_letter_id);

comment on column ingest_batch.dead_letters is 'set aside: kept in dead_letter or counted in dead_letter_overflow';

-- Wall clock minus monotonic clock of a device's boot, from the first reading with the
-- right time: what dates the readings that came before it.
create table device_clock (
    device_id integer not null references device,
    boot      bigint not null,
    offset_us bigint not null,
    primary key (device_id, boot)
);
