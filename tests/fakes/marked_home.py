"""Home 3 of a street written into every table that can tell of a home, under a mark that is looked for afterwards."""

from __future__ import annotations

from psycopg_pool import AsyncConnectionPool

from rules.shadow.tables import PostgresShadowTables
from tests.fakes.households import NOW, Street, case_of, damp_of

MARK = "Marked-3"
CODE, LABEL = "home-code-3", "3 Frog Lane"
SECRETS = (MARK, CODE, LABEL, "Resident 3")

_ROWS = (
    # Alarms: of the home, of a group it is in, of its frog.
    f"""with a as (insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason, inputs, would_differ)
        values ('home.damp', 1, 'home', '{CODE}', 'major', now(), '{LABEL}: high damp risk', '{LABEL} {MARK} 81 pc', '{{"x": "{MARK}"}}',
                '{{"text": "otherwise", "windows": [1], "x": "{MARK}"}}'),
               ('device.drift', 1, 'device', 'frog-3', 'info', now(), 'frog-3 drifts', 'by a bit', '{{"x": "{MARK}"}}', null),
               ('home.many', 1, 'kind', 'frog', 'major', now(), 'Many homes', 'many', '{{"x": "{MARK}"}}', null)
        returning alarm_id, subject_kind),
        l as (insert into alarm_log (alarm_id, at, actor, what, detail)
        select alarm_id, now(), 'engine', 'raised', '{{"reason": "{LABEL} {MARK}", "x": "{MARK}", "text": "of {CODE}"}}'
          from a where subject_kind = 'home')
        select 1 from a""",
    f"""insert into alarm_member (alarm_id, kind, subject, severity, joined_at, reason, inputs)
        select alarm_id, 'home', '{CODE}', 'major', now(), '{MARK}', '{{"x": "{MARK}"}}' from alarm where subject_kind = 'kind'""",
    f"""insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived, result)
        values ('home', '{CODE}', now(), now(), '{{frog-3}}', 1, now(), now(), '{{"x": "{MARK}"}}'),
               ('device', 'frog-3', now(), now(), '{{frog-3}}', 1, now(), now(), '{{"x": "{MARK}"}}')""",
    f"""insert into notification (key, recipient, channel, kind, severity, title, body, data, not_before, expires_at)
        values ('m1', 'home:3', 'sms', 'reminder', 'info', '{MARK}', '{MARK}', '{{"x": "{MARK}"}}', now(), now()),
               ('case:1:a:b:c:officer', 'team:mail', 'mail', 'reminder', 'info', '{MARK}', '{MARK}', '{{}}', now(), now()),
               ('bin-ask:1:1', 'bin-reminder:1', 'mail', 'bin-reminder-ask', 'info', 'Bin days?', 'at {LABEL}? Say {MARK}', '{{}}', now(), now())""",
    f"""insert into work_item (rule_id, rule_version, device, opened_at, title, reason, inputs)
        values ('quality.stuck', 1, 'frog-3', now(), 'frog-3: stuck', 'the same', '{{"x": "{MARK}"}}')""",
    f"""insert into device_status (device_id, status, status_at, reported)
        select device_id, '{{"x": "{MARK}"}}', now(), '{{"x": "{MARK}"}}' from device where name = 'frog-3'""",
    f"""insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at)
        select 'home.damp', 'x', 'home', home_id::text, '1', 'J', 'as agreed', now(), now() + interval '1 day'
          from home where code = '{CODE}'""",
    f"""insert into dead_letter (received_at, topic, device, kind, reason_code, reason, payload, payload_bytes)
        values (now(), 'cityops/v1/0/frog/frog-3/readings', 'frog-3', 'frog', 'out_of_range', 'it is {MARK}', '{MARK}', 8)""",
    *(
        f"""insert into {table} ({names} subject_kind, subject, {at}) values ({values} 'home', '{CODE}', now()), ({values} 'device', 'frog-3', now())"""
        for table, names, values, at in (
            ("event", "kind, detail,", f"""'x', '{{"x": "{MARK}"}}',""", "at"),
            (
                "decision",
                "rule_id, rule_version, outcome, reason,",
                f"'x', 1, 'o', '{MARK}',",
                "decided_at",
            ),
        )
    ),
    f"""insert into subject_state values ('device', 'frog-3', now(), '{{"x": "{MARK}"}}')""",
    f"""update device set label = '{LABEL} {MARK}', latitude_deg = 51.5, longitude_deg = -2.6 where name = 'frog-3'""",
    f"""insert into diary_entry (home_id, at, activity, note) select home_id, now(), 'shower', '{MARK}' from home where code = '{CODE}'""",
)


async def marked(lane: Street) -> None:
    """Write home 3 everywhere, into a shadow too."""
    await case_of(lane, 3, NOW, lane.residents[3])
    await damp_of(lane, 3, NOW, 10)
    for statement in _ROWS:
        await lane.sql(statement)
    async with AsyncConnectionPool(lane.dsn, min_size=1, open=False) as owner:
        await PostgresShadowTables(owner).begin(1)
    await lane.sql(
        "insert into shadow.decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)"
        f" values ('x', 1, 'home', '{CODE}', now(), 'o', '{MARK}', '{{}}', '{{}}')"
    )
