-- One offset per start of a device, and what it was learnt from.

alter table device_clock add column learnt text not null default 'reading'
    check (learnt in ('reading', 'birth', 'arrival'));
alter table device_clock add column said_offset_us bigint;

comment on column device_clock.learnt is
    'a reading or a birth message with the right time; arrival: a bound from above, for a start whose clock was never set';
comment on column device_clock.said_offset_us is
    'the same by the device''s own wrong clock: the raw time of a repaired reading is ts - offset + this';
