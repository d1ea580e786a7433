"""The uplink of a device where files on its card are not as they should be: it measures on and tries again."""

from __future__ import annotations

from pathlib import Path

import pytest
from paho.mqtt.client import MQTTMessage

from devices.agent import credential
from devices.agent.broker import BrokerAddress, Will
from devices.agent.credential import PasswordFiles, next_of
from devices.agent.effects import BrokerEffect
from devices.agent.link import ServerLimits
from devices.agent.paho_link import PahoLink
from devices.agent.paho_session import PahoSession

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


class Events:
    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.messages: list[bytes] = []

    def on_connected(self, limits: ServerLimits) -> None: ...

    def on_disconnected(self, reason: str) -> None:
        self.reasons.append(reason)

    def on_puback(self, mid: int, code: int) -> None: ...

    def on_message(self, topic: str, payload: bytes) -> None:
        self.messages.append(payload)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_an_authority_that_cannot_be_read_ends_an_attempt_and_not_the_device(
    tmp_path: Path, content: str | None
) -> None:
    ca = tmp_path / "ca.pem"
    if content is not None:
        ca.write_text(content)
    events, now_s = Events(), [0.0]
    link = PahoLink(
        BrokerAddress(tls_ca=ca), "frog-1", Will("t", b""), events, monotonic=lambda: now_s[0], first_within_s=0.0
    )  # fmt: skip
    for _ in range(3):
        now_s[0] += 301.0
        link.service(0.0)
    assert len(events.reasons) == 3
    assert not link.connected
    link.close()


def test_a_next_password_works_on_a_card_that_can_only_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "password"
    path.write_text("old")
    next_of(path).write_text("new")

    def full(source: Path, target: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(credential, "replace", full)
    files = PasswordFiles(path)
    files.refused()
    assert files.password() == "new"
    files.accepted()
    assert files.password() == "new", "on the next connection, too"


def test_an_authority_that_a_power_cut_left_empty_is_written_again(tmp_path: Path) -> None:
    moved: list[BrokerAddress] = []
    installed = BrokerAddress(host="a.example", port=8883)
    settings = {"broker.host": "b.example", "broker.port": 8883, "broker.ca": PEM}
    BrokerEffect(moved.append, lambda: installed, tmp_path).apply(settings)
    (ca,) = tmp_path.glob("broker-ca-*.pem")
    ca.write_text("")
    BrokerEffect(moved.append, lambda: installed, tmp_path).apply(settings)
    assert ca.read_text() == PEM


def test_what_the_old_broker_says_after_a_move_is_not_heard(tmp_path: Path) -> None:
    """A receipt in the same read as the settings that name a new broker must not confirm them."""
    events, old = Events(), BrokerAddress()
    link = PahoLink(old, "frog-1", Will("t", b""), events, first_within_s=3600.0)
    session = PahoSession(old, "frog-1", Will("t", b""), events, on_up=lambda: None, on_end=lambda _: None)
    link._session = session
    receipt = MQTTMessage(topic=b"receipt")
    receipt.payload = b"one"
    session._message(session.client, None, receipt)
    link.move(BrokerAddress(host="b.example"))
    session._message(session.client, None, receipt)
    assert events.messages == [b"one"]
    link.close()
