"""The channels against servers of our own: what they send, what they make of answers, what they never say."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from cityops.clock import ManualClock
from cityops.embedded.process import free_port
from rules.core.notify.model import Notification
from rules.core.notify.signing import SignatureError, key_of, verify
from rules.notify.channels.apprise_channel import AppriseChannel
from rules.notify.channels.govuk_notify import GovukNotifyChannel
from rules.notify.channels.webhook import WebhookChannel
from tests.fakes.notify_server import Server, serving

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
NOW = datetime(2026, 12, 1, 4, tzinfo=UTC)
KEY = "team-0a1b2c3d-0000-4000-8000-000000000001-0a1b2c3d-0000-4000-8000-00000000SECR"
ADDRESS = "+447700900123"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


def note(**more: Any) -> Notification:
    values: dict[str, Any] = {
        "key": "7:raised:1:amira:sms", "recipient": "amira", "channel": "sms", "address": ADDRESS, "kind": "raised",
        "severity": "critical", "title": "CRITICAL: ice, −1.8 °C", "body": "Why.", "not_before_s": NOW.timestamp(),
        "expires_s": NOW.timestamp() + 60, "alarm_id": 7,
    }  # fmt: skip
    return Notification(**values | more)


def govuk(server: Server, kind: Any = "sms") -> GovukNotifyChannel:
    return GovukNotifyChannel(
        f"govuk_{kind}", kind, SecretStr(KEY), "template-1", f"http://127.0.0.1:{server.port}"
    )


@pytest.mark.parametrize(("kind", "field"), [("sms", "phone_number"), ("email", "email_address")])
def test_govuk_notify_gets_template_words_and_our_key(server: Server, kind: str, field: str) -> None:
    said = govuk(server, kind).send(note(), 5.0)
    assert (said.verdict, said.reference) == ("sent", "7:raised:1:amira:sms")
    (asked,) = server.asked
    assert asked.path == f"/v2/notifications/{kind}"
    assert json.loads(asked.body) == {
        field: ADDRESS,
        "template_id": "template-1",
        "personalisation": {"title": "CRITICAL: ice, −1.8 °C", "body": "Why."},
        "reference": "7:raised:1:amira:sms",
    }
    assert asked.headers["authorization"].startswith("Bearer ey")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(400, "refused"), (403, "refused"), (429, "retry"), (500, "retry"), (503, "retry")],
)
def test_what_govuk_notify_refuses_and_what_is_tried_again(server: Server, status: int, verdict: str) -> None:
    server.status = status
    server.document = {"errors": [{"error": "BadRequestError", "message": f"{ADDRESS} is not a number"}]}
    said = govuk(server).send(note(), 5.0)
    assert said.verdict == verdict
    assert str(status) in said.error
    assert ADDRESS not in said.error


def test_govuk_notify_that_does_not_answer_may_have_it(server: Server) -> None:
    server.drop = True
    said = govuk(server).send(note(), 5.0)
    assert (said.verdict, said.error) == ("unknown", "GOV.UK Notify did not answer")
    assert govuk(server).send(note(address=""), 5.0).verdict == "refused"


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ([], "retry"),
        (["sending"], "sent"),
        (["delivered"], "delivered"),
        (["permanent-failure"], "refused"),
        (["temporary-failure"], "retry"),
        (["temporary-failure", "delivered"], "delivered"),
    ],
)
def test_govuk_notify_tells_what_became_of_it(server: Server, statuses: list[str], verdict: str) -> None:
    found = [{"status": s, "created_at": f"2026-12-01T04:0{n}:00Z"} for n, s in enumerate(statuses)]
    server.document = {"notifications": found[::-1]}
    said = govuk(server).state_of("7:raised:1:amira:sms", 5.0)
    assert said is not None
    assert said.verdict == verdict
    assert server.asked[0].path == "/v2/notifications?reference=7%3Araised%3A1%3Aamira%3Asms"
    server.status = 500
    failed = govuk(server).state_of("x", 5.0)
    assert failed is not None
    assert failed.verdict == "unknown"


def webhook(*allowed: str) -> WebhookChannel:
    return WebhookChannel(
        {"crm": SecretStr(SECRET)}, "urn:cityops:test", ManualClock(NOW), frozenset(allowed)
    )


def hooked(server: Server, host: str = "127.0.0.1", secret: str = "crm", **more: Any) -> Notification:
    address = f"http://{host}:{server.port}/hook?t=TOKEN#secret={secret}"
    return note(recipient="webhook:3", channel="webhook", address=address, **more)


def test_a_webhook_is_signed_and_a_repeat_is_refused_by_its_receiver(server: Server) -> None:
    channel, seen = webhook("127.0.0.1"), set[str]()
    assert channel.send(hooked(server), 5.0).verdict == "delivered"
    assert channel.send(hooked(server), 5.0).verdict == "delivered"
    first, second = server.asked
    assert (first.path, first.headers["content-type"]) == ("/hook?t=TOKEN", "application/cloudevents+json")
    now_s, keys = NOW.timestamp() + 1, [key_of(SECRET)]
    message_id = verify(keys, first.headers, first.body, now_s, seen=seen)
    assert json.loads(first.body)["id"] == message_id == first.headers["webhook-id"]
    assert second.body == first.body
    with pytest.raises(SignatureError, match="was there before"):
        verify(keys, second.headers, second.body, now_s, seen=seen)
    with pytest.raises(SignatureError, match="no signature fits"):
        verify(keys, first.headers, first.body + b" ", now_s)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(204, "delivered"), (302, "refused"), (410, "refused"), (401, "refused"), (408, "retry"), (429, "retry"), (502, "retry")],
)  # fmt: skip
def test_what_a_receivers_answer_means(server: Server, status: int, verdict: str) -> None:
    server.status, server.headers = (
        status,
        {"Location": f"http://127.0.0.1:{server.port}/other", "Retry-After": "7"},
    )
    said = webhook("127.0.0.1").send(hooked(server), 5.0)
    assert said.verdict == verdict
    assert said.retry_after_s == (7.0 if verdict == "retry" else None)
    assert len(server.asked) == 1, "redirects are not followed"
    assert "TOKEN" not in said.error


@pytest.mark.parametrize(
    ("host", "allowed", "secret", "said"),
    [
        ("127.0.0.1", (), "crm", "https only"),
        ("localhost", ("127.0.0.1",), "crm", "https only"),
        ("127.0.0.1", ("127.0.0.1",), "other", "no webhook secret 'other'"),
    ],
)
def test_webhooks_that_are_not_asked(
    server: Server, host: str, allowed: tuple[str, ...], secret: str, said: str
) -> None:
    answer = webhook(*allowed).send(hooked(server, host, secret), 5.0)
    assert answer.verdict == "refused"
    assert said in answer.error
    assert server.asked == []


def test_private_names_are_not_asked_over_https_either(server: Server) -> None:
    address = f"https://localhost:{server.port}/#secret=crm"
    said = webhook().send(note(channel="webhook", address=address), 5.0)
    assert (said.verdict, server.asked) == ("refused", [])
    assert "is not of the public internet" in said.error
    unregistered = webhook().send(note(recipient="webhook:9", address=""), 5.0)
    assert unregistered.error == "webhook:9 is not registered any more"


def test_the_name_is_looked_up_once_and_the_checked_address_is_used(server: Server) -> None:
    looked: list[str] = []

    def find(host: str, port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["203.0.113.1"]

    channel = WebhookChannel(
        {"crm": SecretStr(SECRET)}, "urn:x", ManualClock(NOW), frozenset({"hook.example"}), find
    )
    assert channel.send(hooked(server, "hook.example"), 5.0).verdict == "delivered"
    assert looked == ["hook.example"]
    assert server.asked[0].headers["host"] == f"hook.example:{server.port}"


def test_a_webhook_over_tls_needs_the_names_certificate(server: Server) -> None:
    """The server speaks no TLS: a failed handshake is tried again, and says no more than that."""
    address = f"https://127.0.0.1:{server.port}/#secret=crm"
    said = webhook("127.0.0.1").send(note(address=address), 5.0)
    assert said.verdict == "retry"
    assert said.error.startswith("webhook: ")


def test_a_webhook_that_nobody_answers_is_tried_again() -> None:
    address = f"http://127.0.0.1:{free_port()}/#secret=crm"
    assert webhook("127.0.0.1").send(note(address=address), 5.0).verdict == "retry"


def test_a_webhook_that_answers_byte_by_byte_does_not_keep_the_thread() -> None:
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        with listener.accept()[0] as one, contextlib.suppress(OSError):
            one.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not over.wait(0.05):
                one.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(2) as pool:
        pool.submit(drip, listener)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/in#secret=crm"
        sending = pool.submit(webhook("127.0.0.1").send, note(address=address), 0.5)
        try:
            assert sending.result(30).verdict == "delivered"  # it has said 200
        finally:
            over.set()


def apprise_channel(server: Server) -> AppriseChannel:
    return AppriseChannel(
        "chat", SecretStr(f"json://user:TOKEN-1@127.0.0.1:{server.port}/to/{{address}}?-x=TOKEN-2")
    )


def test_apprise_sends_title_body_and_address(server: Server) -> None:
    channel = apprise_channel(server)
    assert channel.needs_address
    assert channel.send(note(), 5.0).verdict == "sent"
    (asked,) = server.asked
    assert ADDRESS in asked.path.replace("%2B", "+")
    document = json.loads(asked.body)
    assert (document["title"], document["message"], document["type"]) == (
        "CRITICAL: ice, −1.8 °C",
        "Why.",
        "failure",
    )


def test_what_apprise_can_not_do_is_a_verdict_without_its_url(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server.status = 500
    answers = [
        apprise_channel(server).send(note(), 5.0),
        AppriseChannel("odd", SecretStr("nonsense://TOKEN-3/{address}")).send(note(), 5.0),
        apprise_channel(server).send(note(address=""), 5.0),
    ]
    with serving() as closed:
        gone = apprise_channel(closed)
    answers.append(gone.send(note(), 5.0))
    assert [a.verdict for a in answers] == ["retry", "refused", "refused", "retry"]
    webhook("127.0.0.1").send(hooked(server), 5.0)
    govuk(server).send(note(), 5.0)
    spoken = repr(answers) + caplog.text + "".join(capfd.readouterr()) + repr(vars(apprise_channel(server)))
    for secret in ("TOKEN", ADDRESS, "SECR", SECRET):
        assert secret not in spoken
