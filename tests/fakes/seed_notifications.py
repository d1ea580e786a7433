"""People, a rota and messages in a seeded database: one channel works, another fails."""

from __future__ import annotations

from tests.fakes.website import Site

PEOPLE = (
    "insert into person (person, label) values ('ada', 'Ada'), ('ben', 'Ben')",
    "insert into contact values ('ada', 0, 'sms', '+447700900456', 'info'), ('ben', 0, 'mail', 'ben@example.org', 'info')",
    "insert into rota_shift values ('x', 'winter', 'ada', now() - interval '1 hour', now() + interval '2 hours')",
    "insert into rota_shift values ('x', 'winter', 'ben', now() + interval '2 hours', now() + interval '9 hours')",
)
ADD = (
    "insert into notification (key, recipient, channel, kind, severity, title, body, state, attempts, not_before, expires_at,"
    " bundled_in) values (%s, %s, %s, 'raised', 'major', %s, 'BODY', %s, %s, now() + make_interval(mins => %s),"
    " now() + interval '4 hours', %s) returning notification_id"
)
TRY = (
    "insert into delivery_attempt (notification_id, attempt, at, verdict, error)"
    " values (%s, %s, now() - make_interval(mins => %s), %s, %s)"
)


async def told(site: Site, title: str = "Major: Route 1: ice. 2 stretches at −1.2 °C.") -> None:
    """Tell Ada in vain over sms, Ben over mail, and let one message of Ben's wait."""
    for query in PEOPLE:
        await site.sql(query)
    [(failing,)] = await site.sql(ADD, "a", "ada", "sms", title, "pending", 5, -20, None)
    for attempt in range(1, 6):
        await site.sql(TRY, failing, attempt, 20 - attempt, "retry", "gateway: 503")
    [(sent,)] = await site.sql(ADD, "b", "ben", "mail", "3 alarms: 3 warning.", "sent", 1, -10, None)
    await site.sql(TRY, sent, 1, 10, "sent", None)
    await site.sql(ADD, "c", "ben", "mail", "Warning: Bin 12 is full. 92 %.", "bundled", 0, -10, sent)
    await site.sql(ADD, "d", "ben", "mail", "Warning: Bin 14 is full. 93 %.", "pending", 0, 5, None)
    await site.sql(ADD, "e", "ben", "mail", "Warning: Bin 15 is full. 94 %.", "suppressed", 0, -5, None)
    await site.sql("update notification set suppressed_why = 'its alarm has cleared' where key = 'e'")
