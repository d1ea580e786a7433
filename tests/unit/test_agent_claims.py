"""The device's side of claims and rotations: what it keeps, what it believes, and power that fails between any two steps."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cityops.errors import ConfigurationError, TransientError
from devices.agent import claim as claiming
from devices.agent import credential, own_key
from devices.agent.__main__ import main
from devices.agent.asking import RefusedError, check_server, post
from devices.agent.claim import claim
from devices.agent.claim_config import Place
from devices.agent.clock_state import Moment
from devices.agent.commands import claim as command
from devices.agent.config import load_config
from devices.agent.credential import PasswordFiles, next_of, verifier_of
from devices.agent.rotate import rotate_certificate, rotate_password
from devices.agent.rotation import PasswordAge, Rotation
from devices.agent.update.durable import Places
from devices.agent.update.files import RealFiles
from devices.agent.update.stage import known_keys
from devices.contract.claim_code import make_code
from devices.contract.provisioning import fits
from ingest.fleet.bundles.keys import make_key, make_list

CODE = make_code(b"cityops-unit")
INSTALL = "4f2d0c9a6b7e4d1f8a3c5b6d7e8f9a0b"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


class PowerCutError(Exception):
    """The device stops here."""


@dataclass
class Server:
    """What the server does with claims and rotations: its credential is what the broker lets in."""

    verifier: str = ""
    before: str = ""
    answer: dict[str, Any] = field(default_factory=dict)
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.answer = {
            "name": "frog-1", "kind": "frog", "shard": 3, "cadence_s": 300, "host": "mqtt.example", "port": 8883,
            "ca": "PEM", "certificate": "",
        } | self.answer  # fmt: skip

    def claim(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        assert path == "/api/v1/claims"
        self.asked.append(body)
        brought = body.get("verifier", "") or "csr:" + body.get("csr", "")
        if self.verifier not in ("", brought):
            raise RefusedError("used by another device", 409)
        self.verifier = brought
        return self.answer | {"certificate": CERTIFICATE if "csr" in body else ""}

    def rotate(self, path: str, body: Mapping[str, Any], password: str) -> dict[str, Any]:
        assert path == "/api/v1/devices/frog-1/credential"
        wanted = str(body["verifier"])
        if fits(password, self.verifier):
            if wanted != self.verifier:
                self.before, self.verifier = self.verifier, wanted
        elif not (wanted == self.verifier and self.before and fits(password, self.before)):
            raise RefusedError("the present credential does not prove it", 401)
        return {"name": "frog-1", "certificate": ""}

    def lets_in(self, password: str) -> bool:
        return bool(password) and fits(password, self.verifier)


def place(folder: Path) -> Place:
    return Place(config=folder / "etc" / "agent.toml", data_dir=folder / "data")


def claimed(server: Server, where: Place, kind: Any = "token") -> list[str]:
    """Claim; return what is said of the configuration before."""
    said: list[str] = []
    claim(server.claim, where, INSTALL, CODE, kind, "https://city.example", say=said.append)
    return said


def set_aside(where: Place, before: str) -> Place:
    """Put a configuration where a claim sets it aside."""
    where.config.parent.mkdir()
    where.before.write_text(before, encoding="utf-8")
    return replace(where, is_set_aside=True)


def test_a_claim_leaves_a_configuration_that_the_agent_reads_and_secrets_of_its_own(tmp_path: Path) -> None:
    server, where = Server(), place(tmp_path)
    claimed(server, where)
    config = load_config(where.config)
    assert (config.device.name, config.shard, config.device.cadence_s) == ("frog-1", 3, 300)
    address = config.address()
    assert (address.host, address.port, address.username) == ("mqtt.example", 8883, "frog-1")
    assert address.password is not None
    assert server.lets_in(address.password)
    assert config.server is not None
    assert config.server.url == "https://city.example"
    assert stat.S_IMODE(where.beside("password").stat().st_mode) == 0o600
    assert not where.beside("claim.json").exists()
    assert address.password not in str(server.asked)


def test_whose_updates_to_believe_comes_with_the_claim_unless_it_came_with_the_card(tmp_path: Path) -> None:
    root, release = make_key(), make_key()
    listed = make_list(1, 0, [root.key], [release.key], [root]).text
    server, where = Server(answer={"update_keys": listed}), place(tmp_path)
    claimed(server, where)
    section = load_config(where.config).update
    assert section is not None
    path = Path(section.keys_file)
    assert (path, path.read_text()) == (where.beside("update-keys.json"), listed)
    assert known_keys(RealFiles(), Places(tmp_path / "update"), path).release == (release.key,)
    path.write_text("of the card")
    server.verifier = ""
    claimed(server, where)
    assert path.read_text() == "of the card"
    assert load_config(where.config).update is not None


BEFORE = """# mine
[device]
name = "frog-0"

[[sensors]]            # the cold wall
driver = "ds18b20"
rom = "28-0316a2798fff"

[broker]
host = "old.example"

[page]
room = "kitchen"
"""


def test_what_it_measures_with_and_more_stays_when_it_gets_a_new_name(tmp_path: Path) -> None:
    server, where = Server(), set_aside(place(tmp_path), BEFORE)
    next_of(where.beside("password")).write_text("of the life before")
    assert claimed(server, where) == []
    assert not next_of(where.beside("password")).exists()
    config = load_config(where.config)
    assert (config.device.name, config.broker.host) == ("frog-1", "mqtt.example")
    assert [s.driver for s in config.sensors] == ["ds18b20"]
    assert config.page is not None
    assert config.page.room == "kitchen"
    assert "# the cold wall" in where.config.read_text()


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("", "there was nothing to keep"),
        ('[device]\nname = "frog-0"\n', "there was nothing to keep"),
        ("[[sensors]\nnonsense", "is no TOML, so that nothing of it was kept"),
        ("[page]\nenabled = false\n", ""),
    ],
)
def test_a_file_before_that_says_nothing_of_sensors_gets_the_usual_ones(
    tmp_path: Path, before: str, said: str
) -> None:
    server, where = Server(), set_aside(place(tmp_path), before)
    told = claimed(server, where)
    config = load_config(where.config)
    assert [s.driver for s in config.sensors] == ["sht4x"]
    assert (config.page is not None) == ("page" in before)
    assert (len(told), said in "".join(told)) == (1 if said else 0, True)


def test_what_the_agent_cannot_read_is_not_kept_and_is_said_to_be_where_it_was(tmp_path: Path) -> None:
    server, where = Server(), set_aside(place(tmp_path), '[[sensors]]\ndriver = "of mine"\n')
    (told,) = claimed(server, where)
    assert [s.driver for s in load_config(where.config).sensors] == ["sht4x"]
    assert "of mine" in told
    assert str(where.before) in told
    assert "of mine" in where.before.read_text()


def test_a_kind_without_usual_sensors_keeps_what_there_is(tmp_path: Path) -> None:
    server = Server(answer={"kind": "road"})
    where = set_aside(place(tmp_path), '[home_assistant]\nhost = "ha.local"\n')
    (told,) = claimed(server, where)
    assert "will not start with this, nor without" in told
    assert "ha.local" in where.config.read_text()


def test_nothing_is_kept_of_a_file_that_another_claim_set_aside(tmp_path: Path) -> None:
    server, where = Server(), set_aside(place(tmp_path), BEFORE)
    (told,) = claimed(server, replace(where, is_set_aside=False))
    assert "of another claim" in told
    assert load_config(where.config).page is None


def test_a_claim_that_is_resumed_keeps_what_its_first_run_set_aside(tmp_path: Path) -> None:
    server, where = Server(), set_aside(place(tmp_path), BEFORE)

    def away(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        raise TransientError("the server does not answer")

    with pytest.raises(TransientError):
        claim(away, where, INSTALL, CODE, "token", "https://city.example")
    assert claimed(server, replace(where, is_set_aside=False)) == []
    assert load_config(where.config).page is not None


def test_the_next_label_gets_a_password_of_its_own_where_a_claim_left_its_file(tmp_path: Path) -> None:
    """The power went just after the claim; the server takes no password twice, so that no label ever helped again."""
    where = place(tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        claimed(Server(), where)
    assert where.beside("claim.json").exists()
    first = where.beside("password").read_text()
    claimed(Server(), where)
    assert where.beside("password").read_text() == first, "the same label again asks for the same"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        claimed(Server(), where)
    first = where.beside("password").read_text()
    claim(Server().claim, where, INSTALL, make_code(b"the next label"), "token", "https://city.example")
    assert where.beside("password").read_text() != first


def test_no_keys_no_updates_and_nonsense_for_keys_is_refused(tmp_path: Path) -> None:
    server, where = Server(), place(tmp_path)
    claimed(server, where)
    assert load_config(where.config).update is None
    server, where = Server(answer={"update_keys": "{}"}), place(tmp_path / "other")
    with pytest.raises(ConfigurationError, match="list of keys for updates can't be used"):
        claimed(server, where)
    assert not where.config.exists()


@pytest.mark.parametrize("kind", ["token", "x509"])
def test_a_server_without_an_authority_for_its_broker_is_not_claimed_at_but_on_a_bench(
    tmp_path: Path, kind: Any
) -> None:
    server, where = Server(answer={"ca": ""}), place(tmp_path)
    with pytest.raises(ConfigurationError, match=r"names no authority for its broker mqtt\.example"):
        claimed(server, where, kind)
    assert not where.config.exists()
    if kind == "token":
        claim(server.claim, where, INSTALL, CODE, kind, "https://city.example", plain=True)
        assert load_config(where.config).broker.plain
        server.answer["host"] = "127.0.0.1"
        server.verifier = ""
        claimed(server, where)
        assert not load_config(where.config).broker.plain


def test_the_code_is_looked_at_before_anything_is_sent(tmp_path: Path) -> None:
    server = Server()
    with pytest.raises(ConfigurationError, match="mistyped"):
        claim(server.claim, place(tmp_path), INSTALL, CODE[:-1] + "!", "token", "https://x")
    assert server.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("field_", "value"),
    [
        ("name", "../../etc/passwd"), ("name", 'a"\n[broker]'), ("host", 'x"\nport = 1'), ("host", ""), ("port", 0),
        ("kind", "fr og"), ("shard", 99), ("cadence_s", 0), ("certificate", CERTIFICATE), ("name", 7),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_writes_no_configuration(tmp_path: Path, field_: str, value: Any) -> None:
    server, where = Server(), place(tmp_path)

    def lie(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return server.claim(path, body) | {field_: value}

    with pytest.raises((ConfigurationError, TransientError), match="council's server"):
        claim(lie, where, INSTALL, CODE, "token", "https://x")
    assert not where.config.exists()
    assert not where.beside("password").exists()


def cutting(monkeypatch: pytest.MonkeyPatch, at: int, *, after: bool) -> Callable[[Any], Any]:
    """Let power fail at the so-many-th step, before it is done or after; return what makes another function a step."""
    count = 0

    def step(function: Any) -> Any:
        def cut(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            mine = count
            if mine == at and not after:
                raise PowerCutError
            result = function(*given, **named)
            if mine == at:
                raise PowerCutError
            return result

        return cut

    for module in (claiming, credential):
        for name in ("write", "replace"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, step(getattr(module, name)))
    from devices.agent import rotate

    monkeypatch.setattr(rotate, "write", step(rotate.write))
    return step


@pytest.mark.parametrize("kind", ["token", "x509"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 10))
def test_power_that_fails_while_claiming_costs_nothing(
    tmp_path: Path, at: int, after: bool, kind: str
) -> None:
    server, where = Server(), place(tmp_path)
    with pytest.MonkeyPatch.context() as patched:
        step = cutting(patched, at, after=after)
        try:
            claim(step(server.claim), where, INSTALL, CODE, kind, "https://city.example")  # type: ignore[arg-type]
        except PowerCutError:
            if where.config.exists():  # written last: all else is there
                assert load_config(where.config).address() is not None
    claimed(server, where, kind)
    address = load_config(where.config).address()
    if kind == "token":
        assert server.lets_in(address.password or "")
    else:
        assert "BEGIN PRIVATE KEY" in where.beside("device.pem").read_text()
        assert CERTIFICATE in where.beside("device.pem").read_text()
    assert len({json.dumps(dict(body)) for body in server.asked}) == 1


def connected(server: Server, files: PasswordFiles) -> bool:
    """Try as the agent does, which goes on for ever; return whether one of a few attempts succeeds."""
    for _ in range(4):
        if server.lets_in(files.password()):
            files.accepted()
            return True
        files.refused()
    return False


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 9))
def test_power_that_fails_while_rotating_leaves_a_password_that_works(
    tmp_path: Path, at: int, after: bool
) -> None:
    server, where = Server(), place(tmp_path)
    claimed(server, where)
    path, first = where.beside("password"), server.verifier
    with pytest.MonkeyPatch.context() as patched:
        step = cutting(patched, at, after=after)
        try:
            rotate_password(step(server.rotate), "frog-1", path)
            assert connected(server, PasswordFiles(path))
        except PowerCutError:
            pass
    assert connected(server, PasswordFiles(path))  # with whatever is on the card
    rotate_password(server.rotate, "frog-1", path)
    assert connected(server, PasswordFiles(path))
    assert server.verifier != first
    assert not next_of(path).exists()
    assert server.lets_in(path.read_text().strip())


def test_a_broker_that_is_late_is_tried_with_the_old_password_and_then_the_new(tmp_path: Path) -> None:
    server, where = Server(), place(tmp_path)
    claimed(server, where)
    broker = Server(verifier=server.verifier)  # it has not read its file yet
    rotate_password(server.rotate, "frog-1", where.beside("password"))
    files = PasswordFiles(where.beside("password"))
    assert connected(broker, files)
    assert next_of(where.beside("password")).exists()
    broker.verifier = server.verifier
    assert connected(broker, files)
    assert not next_of(where.beside("password")).exists()


class Line:
    """A connection."""

    connected = True

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> bool:
        return True


def test_an_old_password_is_rotated_by_the_device_itself_and_a_failure_tried_again(tmp_path: Path) -> None:
    server, where = Server(), place(tmp_path)
    claimed(server, where)
    path, tries = where.beside("password"), list[float]()

    def rotate() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise TransientError("the server does not answer")
        rotate_password(server.rotate, "frog-1", path)

    part, line, first = Rotation(PasswordAge(path, 180), rotate), Line(), server.verifier
    made_ms = round(path.stat().st_mtime * 1000)

    def turn(days: float, hours_up: float, clk: int = 2) -> int:
        part.turn(Moment(round(made_ms + days * 86_400_000), round(hours_up * 3_600_000), clk), line)
        part.wait(10)
        return len(tries)

    assert turn(179, 1) == 0
    assert turn(40_000, 3, clk=0) == 0  # a clock that was never set
    line.connected = False
    assert turn(181, 5) == 0
    line.connected = True
    assert turn(181, 6) == 1  # and fails
    assert turn(181, 6.5) == 1
    assert turn(181, 7.1) == 2
    assert turn(181, 9) == 2, "the server knows: it is not asked each hour until the next connection"
    assert connected(server, PasswordFiles(path))
    assert server.verifier != first


def test_a_rotation_lets_the_loop_sleep(tmp_path: Path) -> None:
    assert Rotation(PasswordAge(tmp_path / "password", 180), lambda: None).every_s >= 30.0


def test_a_refusal_without_a_next_password_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("one\n")
    files = PasswordFiles(path)
    files.refused()
    assert files.password() == "one"
    path.unlink()
    assert files.password() == "one"  # a device goes on


def test_a_certificate_is_renewed_by_the_key_before(tmp_path: Path) -> None:
    path = tmp_path / "device.pem"
    path.write_text(own_key.new_key() + CERTIFICATE)
    seen: list[Mapping[str, Any]] = []
    new = CERTIFICATE.replace("MIIB", "MIIC")

    def answer(_: str, body: Mapping[str, Any], password: str) -> dict[str, Any]:
        seen.append(body)
        assert password == ""
        return {"certificate": new}

    rotate_certificate(answer, "frog-1", path)
    assert new in path.read_text()
    assert seen[0]["certificate"] == CERTIFICATE
    assert "REQUEST" in seen[0]["csr"]
    assert not next_of(path).exists()


@pytest.mark.parametrize("url", ["http://city.example", "city.example", "ftp://x", "", "https://"])
def test_codes_are_sent_by_https_alone(url: str) -> None:
    with pytest.raises(ConfigurationError, match="server"):
        check_server(url)
    assert check_server("https://city.example/claim") == "https://city.example"
    assert check_server("http://localhost:8000/claim") == "http://localhost:8000"


def test_a_server_that_is_away_is_told_in_words() -> None:
    with pytest.raises(TransientError, match="does not answer"):
        post("http://127.0.0.1:9", "/api/v1/claims", {})


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A card with openssl and without the package cryptography."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "cryptography":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    return


@pytest.mark.usefixtures("without_package")
def test_openssl_makes_the_same(tmp_path: Path) -> None:
    key = own_key.new_key()
    assert "BEGIN PRIVATE KEY" in key
    csr = own_key.request_for(key)
    (tmp_path / "csr").write_text(csr)
    checked = ["openssl", "req", "-in", str(tmp_path / "csr"), "-verify", "-noout", "-text"]
    told = subprocess.run(checked, capture_output=True, text=True, check=True)
    assert "prime256v1" in told.stdout
    assert own_key.sign(key, csr) != own_key.sign(key, csr)  # ECDSA has a number of chance in it


def test_verifiers_of_one_password_are_one() -> None:
    assert verifier_of("a" * 43) == verifier_of("a" * 43)
    assert verifier_of("a" * 43) != verifier_of("b" * 43)
    assert fits("a" * 43, verifier_of("a" * 43))


def test_files_are_for_the_agent_alone(tmp_path: Path) -> None:
    credential.write(tmp_path / "x", "secret")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def claim_by_command(folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Path:
    """Claim as a person does it; return the configuration."""
    server, config = Server(), folder / "agent.toml"
    monkeypatch.setattr(command, "post", lambda _, path, body, ca: server.claim(path, body))
    words = [
        "claim",
        "--config",
        str(config),
        "--data-dir",
        str(folder / "data"),
        "--server",
        "https://city.example",
    ]
    assert main([*words, "--code", CODE, *more]) == 0
    return config


def test_a_claim_writes_over_the_example_of_the_installation_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "agent.toml").write_text("example")
    (tmp_path / "agent.toml.example").write_text("example")
    config = claim_by_command(tmp_path, monkeypatch)
    assert load_config(config).device.name == "frog-1"
    with pytest.raises(AssertionError):
        claim_by_command(tmp_path, monkeypatch)
    assert "this device has a name" in capsys.readouterr().err


def test_a_claim_by_command_keeps_the_file_before_byte_for_byte_and_what_it_measures_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, before = (
        tmp_path / "agent.toml",
        b'[\t"device" ]\r\nname = "frog-0"\r\n[page]\r\nroom = "cellar"\r\n',
    )
    config.write_bytes(before)
    claim_by_command(tmp_path, monkeypatch, "--again")
    assert (tmp_path / "agent.toml.before").read_bytes() == before
    page = load_config(config).page
    assert page is not None
    assert page.room == "cellar"
    config.unlink()
    capsys.readouterr()
    claim_by_command(tmp_path, monkeypatch)
    assert "of another claim" in capsys.readouterr().err
    assert load_config(config).page is None


def test_the_first_file_and_the_newest_stay_however_often_a_device_claims_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "agent.toml"
    mine = {f"agent.toml.before-{end}" for end in ("mine", "2026", "20261128", "999999999")}
    for name in mine:
        (tmp_path / name).write_text("of somebody")
    for number in range(8):
        config.write_text(f"# {number}\n[page]\n")
        claim_by_command(tmp_path, monkeypatch, "--again")
    monkeypatch.setattr(Server, "claim", lambda *_: (_ for _ in ()).throw(TransientError("no answer")))
    for _ in range(3):  # in vain: the same file is kept once
        with pytest.raises(AssertionError):
            claim_by_command(tmp_path, monkeypatch, "--again")
    kept = {path.name: path for path in tmp_path.glob("agent.toml.before*")}
    assert {kept.pop(name).read_text() for name in mine} == {"of somebody"}
    said = {f"agent.toml.before{end}" for end in ("", "-6", "-7", "-8", "-9")}
    assert kept.keys() == said
    assert [kept[f"agent.toml.before{end}"].read_text()[:3] for end in ("", "-8")] == ["# 0", "# 7"]
    assert kept["agent.toml.before-9"].read_bytes() == config.read_bytes()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o640 for path in kept.values())
    assert f"the file before: {kept['agent.toml.before-8']}\n" in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_claims_is_the_agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = 65_534
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", agent, agent)
    os.chown(tmp_path, agent, agent)
    claim_by_command(tmp_path, monkeypatch)
    owners = {path.name: path.stat().st_uid for path in (*tmp_path.iterdir(), *(tmp_path / "data").iterdir())}
    assert {"agent.toml", "password", "outbox.db"} <= owners.keys()
    assert set(owners.values()) == {agent}
