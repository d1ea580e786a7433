"""First lines, signatures' published vector, CloudEvents, files of people, addresses that are refused."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

from cityops.errors import ConfigurationError
from cityops.settings import load_settings
from cityops.settings_report import report
from rules.core.notify.cloud_event import CONTENT_TYPE, cloud_event
from rules.core.notify.model import Notification, Person
from rules.core.notify.signing import key_of, signature, verify
from rules.core.notify.words import AlarmText, message
from rules.notify.channels.addresses import RefusedAddressError, check_form, checked, public
from rules.notify.channels.hide import hide
from rules.notify.limits import Breaker, Rate
from rules.notify.people_file import parse_people, read_people
from rules.notify.rota_source import fetch

ICE = AlarmText(
    alarm_id=7,
    title="Route North 2: ice expected on 14 of 61 segments",
    reason="Lowest surface −1.8 °C at 04:10, threshold 0.0 °C. Dew point −1.1 °C.",
    severity="critical",
    link="https://ops.example/alarms/7",
)
PACKAGE = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        ("raised", "CRITICAL: Route North 2: ice expected on 14 of 61 segments. Lowest surface −1.8 °C at 04:10, threshold 0.0 °C."),
        ("severity", "Now CRITICAL: Route North 2: ice expected on 14 of 61 segments. Lowest surface −1.8 °C at 04:10, threshold 0.0 °C."),
        ("escalated", "CRITICAL, nobody has answered: Route North 2: ice expected on 14 of… Lowest surface −1.8 °C at 04:10, threshold 0.0 °C."),
    ],
)  # fmt: skip
def test_the_first_line_has_the_figures(kind: str, first: str) -> None:
    said = message(kind, ICE, "gritting_officer")
    assert said.title == first
    assert "confirm or change the treatment" in said.body
    assert said.body.endswith("Alarm 7: https://ops.example/alarms/7")


def test_an_end_says_that_nothing_is_to_be_done() -> None:
    said = message("cleared", ICE)
    assert said.title.startswith("Over: Route North 2")
    assert "Nothing is to be done." in said.body


def test_the_vector_of_standard_webhooks() -> None:
    """Example of the specification's repository (standard-webhooks/standard-webhooks, README)."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    message_id, stamp, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    signed = signature(key, message_id, stamp, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    received = {
        "webhook-id": message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,AAAA {signed}",
    }
    assert verify([key], received, body, stamp + 5.0) == message_id


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64 at all!"])
def test_a_weak_secret_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook's secret") as refused:
        key_of(secret)
    assert not secret or secret not in str(refused.value)


def told(**changed: object) -> Notification:
    values: dict[str, object] = {
        "key": "7:raised:1.5:webhook:3",
        "recipient": "webhook:3",
        "channel": "webhook",
        "address": "",
        "kind": "raised",
        "severity": "major",
        "title": "t",
        "body": "b",
        "not_before_s": 1_764_000_000.25,
        "expires_s": 1_764_010_000.0,
        "alarm_id": 7,
        "data": {"rule_id": "winter.ice"},
    }
    return Notification(**values | changed)  # type: ignore[arg-type]


def test_the_event_is_what_the_library_reads() -> None:
    event = cloud_event(told(), "urn:cityops:ourtown")
    read = from_structured_event(
        HTTPMessage(headers={"content-type": CONTENT_TYPE}, body=json.dumps(event).encode()), JSONFormat()
    )
    assert (read.get_id(), read.get_type()) == ("7:raised:1_5:webhook:3", "cityops.alarm.raised")
    assert read.get_source() == "urn:cityops:ourtown"
    assert read.get_time().timestamp() == 1_764_000_000.25  # type: ignore[union-attr]
    assert read.get_data()["alarm_id"] == 7  # type: ignore[index, call-overload]
    assert event == cloud_event(told(), "urn:cityops:ourtown")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
     "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:1::1", "198.18.0.1", "192.0.2.1",
     "::7f00:1", "::ffff:0:7f00:1", "64:ff9b:1::a00:1", "fec0::1", "192.0.0.8", "192.88.99.1"],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    assert not public(address)
    with pytest.raises(RefusedAddressError, match="not of the public internet") as refused:
        checked(check_form("https://hook.example/x"), frozenset(), lambda *_: ["8.8.8.8", address])
    assert address not in str(refused.value)


def test_public_and_listed_addresses_are_taken() -> None:
    assert public("8.8.8.8")
    assert public("2606:4700::1111")
    assert checked(check_form("https://hook.example/x"), frozenset(), lambda *_: ["8.8.8.8"]) == "8.8.8.8"
    listed = frozenset({"hook.internal"})
    assert checked(check_form("http://hook.internal:8000/"), listed, lambda *_: ["10.0.0.1"]) == "10.0.0.1"
    with pytest.raises(RefusedAddressError, match="https only"):
        checked(check_form("http://hook.example/"), listed, lambda *_: ["8.8.8.8"])
    with pytest.raises(OSError, match="no address"):
        checked(check_form("https://hook.example/"), listed, lambda *_: [])


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x/", "https:///x", "https://u:p@x/", "https://x/#secret=a", "https://x:99999/", "https://x:0/",
     "https://x/ y", "https://x/\r\nHost: y", "https://é/", "file:///etc/passwd", "https://[::1"],
)  # fmt: skip
def test_urls_of_another_form_are_refused(url: str) -> None:
    with pytest.raises(RefusedAddressError):
        check_form(url)


PEOPLE = """
[[person]]
person = "amira"
label = "Amira Khan"
roles = ["duty_officer"]
quiet_hours = "22:00-07:00"

[[person.contact]]
channel = "govuk_sms"
address = "+447700900123"

[[person.contact]]
channel = "mail"
address = "amira@example.org"
least_severity = "major"
"""


def test_people_are_read_in_order() -> None:
    (amira,) = parse_people(PEOPLE)
    assert isinstance(amira, Person)
    assert (amira.quiet_from_min, amira.quiet_to_min) == (1320, 420)
    assert [c.channel for c in amira.contacts] == ["govuk_sms", "mail"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"amira"', '"Amira K"', "$.person[0].person"),
        ("22:00-07:00", "22-7", "amira: quiet_hours '22-7': write 22:00-07:00"),
        ('"mail"', '"govuk_sms"', "amira: a contact's channel 'govuk_sms' is there twice"),
        ('"major"', '"urgent"', "least_severity"),
        ('label = "Amira Khan"', 'label = "Amira"\ntime_zone = "Nowhere"', "time_zone 'Nowhere'"),
        ("least_severity", "least", "unknown field `least`"),
        ("[[person]]", "[[person]", "line 2"),
    ],
)
def test_a_wrong_file_is_told_in_words(old: str, new: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "people.toml"
    file.write_text(PEOPLE.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as refused:
        read_people(file)
    assert said in str(refused.value)
    assert str(file) in str(refused.value)


def test_the_example_is_valid() -> None:
    people = read_people(PACKAGE / "deploy" / "notify" / "people.toml")
    assert any("duty_officer" in p.roles for p in people)


def test_channels_and_secrets_are_settings_and_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CITYOPS_NOTIFY__CHANNELS__OPS_CHAT", "slack://TOKEN-1/x")
    monkeypatch.setenv("CITYOPS_NOTIFY__CHANNELS__mail", "mailtos://u:TOKEN-2@h?to={address}")
    monkeypatch.setenv("CITYOPS_NOTIFY__WEBHOOK_SECRETS__CRM", "whsec_TOKEN-3")
    monkeypatch.setenv("CITYOPS_NOTIFY__GOVUK_KEY", "TOKEN-4")
    monkeypatch.setenv("CITYOPS_NOTIFY__WEBHOOK_HOSTS", "a.internal, B.internal")
    settings = load_settings()
    assert sorted(settings.notify.channels) == ["mail", "ops_chat"]
    assert settings.notify.private_hosts == {"a.internal", "b.internal"}
    shown = " ".join(e.value for e in report(settings)) + repr(settings)
    assert "TOKEN" not in shown


@pytest.mark.parametrize("name", ["CHANNELS__WEBHOOK", "CHANNELS__GOVUK_SMS", "CHANNELS__A B"])
def test_names_of_channels_that_are_taken_or_odd_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CITYOPS_NOTIFY__{name}", "json://SECRET-1")
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert "SECRET-1" not in str(refused.value)


def test_a_misspelt_group_of_channels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYOPS_NOTIFY__CHANNEL__MAIL", "json://x")
    with pytest.raises(ConfigurationError, match="no such setting"):
        load_settings()


def test_what_is_said_of_failures_has_no_url_and_no_secret() -> None:
    said = hide("POST https://user:pw@host/path?token=1 for +447700900123\nfailed", "+447700900123")
    assert said == "POST … for … failed"
    assert len(hide("x" * 999)) == 200


def test_a_rota_by_plain_http_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="https://"):
        fetch("http://calendar.example/token")


def test_the_rate_lets_a_burst_through_and_then_one_by_one() -> None:
    rate = Rate(per_minute=60, burst=3)
    assert rate.available(100.0) == 3
    rate.take(3)
    assert rate.available(100.5) == 0
    assert rate.wait_s() == pytest.approx(0.5)
    assert rate.available(101.0) == 1
    assert rate.available(900.0) == 3


def test_the_breaker_pauses_longer_and_longer_until_something_works() -> None:
    breaker = Breaker(most=3, first_s=30, cap_s=100)
    assert [breaker.failed(0.0) for _ in range(3)] == [False, False, True]
    assert breaker.paused(29.9)
    assert not breaker.paused(30.0)
    assert breaker.failed(30.0)
    assert breaker.paused(89.9)
    assert breaker.failed(90.0)
    assert breaker.paused(189.9)
    assert not breaker.paused(190.0)
    breaker.succeeded()
    assert not breaker.failed(200.0)


def test_nothing_of_ours_logs_at_import() -> None:
    assert logging.getLogger("rules").handlers == []
