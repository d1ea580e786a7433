"""REST of notifications and webhooks: no address, no secret, no token."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.website import Site

HOOK = {"url": "https://hooks.example/in?token=TOKEN-1", "secret_name": "crm", "by": "Ops"}


async def people(site: Site) -> None:
    await site.sql("insert into person (person, label) values ('ben', 'Ben'), ('eve', 'Eve')")
    await site.sql(
        "insert into contact values ('ben', 0, 'sms', '+447700900456', 'info'), ('eve', 0, 'mail', 'eve@example.org', 'info')"
    )


async def test_a_test_is_put_into_the_outbox_and_shown_without_address(site: Site) -> None:
    await people(site)
    for body in ({"channel": "sms", "to": "ben"}, {"channel": "mail", "to": "eve"}, {"channel": "chat"}):
        answer = await site.with_key("desk:write").post("/api/v1/notifications/test", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["state"] == "pending"
    listed = await site.seen("/api/v1/notifications")
    assert [(n["recipient"], n["channel"], n["address_ends"]) for n in listed] == [
        ("team:chat", "chat", None),
        ("eve", "mail", None),
        ("ben", "sms", "456"),
    ]
    text = (await site.as_("operations").get("/api/v1/notifications")).text
    assert "4477" not in text
    assert "example.org" not in text
    assert await site.seen("/api/v1/notifications", state="failed") == []
    (last,) = await site.seen("/api/v1/notifications", before=listed[1]["notification_id"], limit=1)
    assert last == listed[2]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"channel": "sms", "to": "eve"}, 404),
        ({"channel": "sms", "to": "nobody"}, 404),
        ({"channel": "webhook", "to": "77"}, 404),
        ({"channel": "webhook"}, 422),
        ({"channel": "SMS; drop"}, 422),
        ({}, 422),
    ],
)
async def test_a_test_to_nobody_is_refused(site: Site, body: dict[str, Any], status: int) -> None:
    await people(site)
    answer = await site.with_key("desk:write").post("/api/v1/notifications/test", json=body)
    assert answer.status_code == status, answer.text


async def test_webhooks_are_added_tested_listed_and_removed(site: Site) -> None:
    answer = await site.with_key("desk:write").post(
        "/api/v1/webhooks", json={**HOOK, "types": ["cityops.alarm.raised"]}
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["url"] == "https://hooks.example/…"
    assert await site.seen("/api/v1/webhooks") == [made]
    assert "TOKEN" not in (await site.as_("operations").get("/api/v1/webhooks")).text
    number = made["webhook_id"]
    tested = await site.with_key("desk:write").post(
        "/api/v1/notifications/test", json={"channel": "webhook", "to": str(number)}
    )
    assert (tested.status_code, tested.json()["recipient"]) == (202, f"webhook:{number}")
    assert (await site.with_key("desk:write").delete(f"/api/v1/webhooks/{number}")).status_code == 204
    assert (await site.with_key("desk:write").delete(f"/api/v1/webhooks/{number}")).status_code == 404
    assert await site.seen("/api/v1/webhooks") == []


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "ftp://x/"},
        {"url": "https://user:pw@hooks.example/"},
        {"url": "https://hooks.example/#secret=other"},
        {"types": ["everything"]},
        {"secret_name": "Not A Name"},
        {"by": " "},
        {"more": 1},
    ],
)
async def test_a_webhook_of_another_form_is_refused(site: Site, changed: dict[str, Any]) -> None:
    answer = await site.with_key("desk:write").post("/api/v1/webhooks", json={**HOOK, **changed})
    assert answer.status_code == 422, answer.text
    assert "pw@" not in answer.json()["detail"]
