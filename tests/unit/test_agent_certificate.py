"""A device's certificate is made anew before it ends, by the device itself: without it no broker lets it in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from cityops.errors import ConfigurationError, TransientError
from devices.agent.__main__ import main as agent_command
from devices.agent.asking import RefusedError
from devices.agent.certificate_age import CertificateAge, life_of
from devices.agent.clock_state import Clk, Moment
from devices.agent.config import AgentConfig, BrokerSection, DeviceSection, ServerSection
from devices.agent.rotate import rotate_certificate
from devices.agent.rotation import PasswordAge, Rotation
from devices.agent.rotation_build import Way, make_rotations
from tests.fakes.provisioned import pem_of

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def certificate(path: Path, begin: datetime, days: float) -> None:
    """Write a key with its certificate, as a claim does."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "frog-1")]),
    )
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=days))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    path.write_bytes(pem_of(key) + pem)


class Line:
    """A connection."""

    connected = True

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> bool:
        return True


def due(path: Path, every_days: int, days: float) -> bool:
    return CertificateAge(path, every_days).is_due((BEGIN + days * DAY).timestamp())


def test_a_file_says_from_when_until_when(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    assert life_of(path) is None
    path.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
    assert life_of(path) is None
    certificate(path, BEGIN, 397)
    assert life_of(path) == (BEGIN.timestamp(), (BEGIN + 397 * DAY).timestamp())


@pytest.mark.parametrize(
    ("every_days", "life_days", "due_after_days"), [(0, 397, 365), (180, 397, 180), (0, 30, 20), (1, 397, 1)]
)
def test_a_certificate_is_old_a_month_before_its_end_or_at_the_age_that_is_set(
    tmp_path: Path, every_days: int, life_days: int, due_after_days: float
) -> None:
    path = tmp_path / "device.pem"
    certificate(path, BEGIN, life_days)
    assert not due(path, every_days, due_after_days - 0.01)
    assert due(path, every_days, due_after_days + 0.01)


def test_it_is_made_anew_once_and_a_failure_tried_again_in_an_hour(tmp_path: Path) -> None:
    path, tries = tmp_path / "device.pem", list[int]()
    certificate(path, BEGIN, 397)

    def rotate() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise TransientError("the server does not answer")
        certificate(path, BEGIN + 366 * DAY, 397)

    part, line = Rotation(CertificateAge(path, 0), rotate), Line()

    def turn(days: float, hours_up: float, clk: int = Clk.SYNCHRONISED) -> int:
        wall_ms = round((BEGIN + days * DAY).timestamp() * 1000)
        part.turn(Moment(wall_ms, round(hours_up * 3_600_000), clk), line)
        part.wait(10)
        return len(tries)

    assert turn(364, 1) == 0
    assert turn(366, 2, Clk.NEVER_SET) == 0
    line.connected = False
    assert turn(366, 3) == 0
    line.connected = True
    assert turn(366, 4) == 1
    assert turn(366, 4.5) == 1
    assert turn(366, 5.1) == 2
    assert turn(367, 9) == 2


@pytest.mark.parametrize(("status", "again_h"), [(401, 24.1), (422, 24.1), (429, 1.1), (409, 1.1)])
def test_what_an_hour_does_not_make_right_is_asked_for_once_a_day(
    tmp_path: Path, status: int, again_h: float, caplog: pytest.LogCaptureFixture
) -> None:
    """And its log has it once: once a day for years says no more."""
    path, tries = tmp_path / "device.pem", list[int]()
    certificate(path, BEGIN, 397)

    def rotate() -> None:
        tries.append(1)
        raise RefusedError("no", status)

    part, wall_ms = (
        Rotation(CertificateAge(path, 0), rotate),
        round((BEGIN + 366 * DAY).timestamp() * 1000),
    )
    for hours_up, expected in ((1.0, 1), (1.0 + again_h - 0.2, 1), (1.0 + again_h, 2)):
        part.turn(Moment(wall_ms, round(hours_up * 3_600_000), Clk.SYNCHRONISED), Line())
        part.wait(10)
        assert len(tries) == expected
    lines = [r for r in caplog.records if "was not rotated" in r.getMessage()]
    assert len(lines) == (1 if again_h > 24 else 2)


def test_one_past_its_end_is_made_anew_without_a_connection_which_it_can_not_have(tmp_path: Path) -> None:
    path, tries = tmp_path / "device.pem", list[int]()
    certificate(path, BEGIN, 397)
    part, line = Rotation(CertificateAge(path, 0), lambda: tries.append(1)), Line()
    line.connected = False
    part.turn(Moment(round((BEGIN + 400 * DAY).timestamp() * 1000), 0), line)
    part.wait(10)
    assert tries == [1]


BOTH = BrokerSection(
    host="b", password_file="p", tls_ca="ca.pem", tls_cert="device.pem", tls_key="device.pem"
)


@pytest.mark.parametrize(
    ("broker", "rotate_days", "parts"),
    [
        (BrokerSection(host="b", password_file="password"), 180, 1),
        (BrokerSection(host="b", password_file="password"), 0, 0),
        (BrokerSection(host="b", tls_ca="ca.pem", tls_cert="device.pem", tls_key="device.pem"), 0, 1),
        (BrokerSection(host="b", tls_ca="ca.pem", tls_cert="a.pem", tls_key="a.key"), 180, 0),
        (BOTH, 180, 2),
        (BOTH, 0, 1),
    ],
)
def test_what_a_claim_made_is_rotated_and_nothing_else(
    broker: BrokerSection, rotate_days: int, parts: int
) -> None:
    server = ServerSection(url="https://city.example", rotate_days=rotate_days)
    config = AgentConfig(
        DeviceSection(name="frog-1", kind="frog", data_dir="/nowhere"), broker, (), server=server
    )
    assert len(make_rotations(config, server)) == parts


@pytest.mark.parametrize("made", ["certificate first", "rsa", "with a password", "nothing", "no text"])
def test_one_that_somebody_made_by_hand_is_told_in_words(tmp_path: Path, made: str) -> None:
    path = tmp_path / "device.pem"
    certificate(path, BEGIN, 397)
    own = path.read_text(encoding="utf-8")
    cut = own.index("-----BEGIN CERTIFICATE")
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        *form, serialization.BestAvailableEncryption(b"secret")
    )
    other = rsa.generate_private_key(65537, 2048).private_bytes(*form, serialization.NoEncryption())
    path.write_bytes(
        {
            "certificate first": (own[cut:] + own[:cut]).encode(),
            "rsa": other + own[cut:].encode(),
            "with a password": locked + own[cut:].encode(),
            "nothing": b"",
            "no text": b"\xff\xfe",
        }[made]
    )
    with pytest.raises(ConfigurationError, match=r"private key|no text"):
        rotate_certificate(lambda *_: {}, "frog-1", path)


@pytest.mark.parametrize(
    ("fails", "status"), [([False, True], 0), ([True, False], 0), ([True, True], 1), ([True], 1)]
)
def test_by_command_one_that_cannot_be_made_anew_holds_up_no_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fails: list[bool],
    status: int,
) -> None:
    config = tmp_path / "agent.toml"
    config.write_text(
        f"""device = {{ name = "frog-1", kind = "frog", data_dir = "{tmp_path}" }}
broker.host = "localhost"
server.url = "http://localhost"
sensors = [{{ driver = "sht4x" }}]
"""
    )

    def rotate(fails: bool) -> None:
        if fails:
            raise ConfigurationError("this installation gives no certificates")

    found = [
        Way(PasswordAge(tmp_path / "none", 1), partial(rotate, one), is_password=number == 0)
        for number, one in enumerate(fails)
    ]
    monkeypatch.setattr("devices.agent.commands.rotate.ways", lambda *_: found)
    assert (agent_command(["rotate", "--config", str(config)]) == 0) == (status == 0)
    told = capsys.readouterr()
    assert told.out.count("frog-1:") == fails.count(False)
    assert "gives no certificates" in told.err
