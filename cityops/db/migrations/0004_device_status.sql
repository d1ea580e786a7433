-- What each device last said of itself: its retained status, and the configuration it
-- reports to run. Written by the ingester; one row per device.
create table device_status (
    device_id   integer primary key references device,
    -- {"online": true, "boot": 12, "firmware": "1.2", "outbox": 0, "clk": 2}
    status      jsonb,
    status_at   timestamptz,
    reported    jsonb,
    reported_at timestamptz
);
