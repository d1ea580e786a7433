"""Settings: every source, which wins, what is refused and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from cityops.errors import ConfigurationError
from cityops.settings import Settings, load_settings, parse_shards
from cityops.settings_check import leaves
from cityops.settings_report import HIDDEN, report


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "cityops.toml"
    file.write_text('data_dir = "/srv/file"\n[ingest]\nbatch_rows = 10\nbatch_age_s = 0.5\n')
    monkeypatch.setenv("CITYOPS_CONFIG", str(file))
    return file


def source_of(name: str, **overrides: object) -> str:
    items = report(load_settings(**overrides), overrides)
    return next(item.source for item in items if item.name == name)


def test_defaults_are_valid_and_frozen() -> None:
    settings = load_settings()
    assert settings.mqtt.port == 1883
    assert settings.ingest.receive_maximum == 4000
    assert settings.ingest.shard_numbers == tuple(range(16))
    with pytest.raises(ValidationError, match="frozen"):
        settings.mqtt.port = 1884  # type: ignore[misc]


def test_argument_wins_over_environment_over_file_over_default(
    toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITYOPS_INGEST__BATCH_ROWS", "20")
    settings = load_settings(data_dir="/srv/argument")
    assert settings.data_dir == Path("/srv/argument")
    assert settings.ingest.batch_rows == 20
    assert settings.ingest.batch_age_s == 0.5
    assert settings.ingest.batches_in_flight == 2
    assert source_of("data_dir", data_dir="/srv/argument") == "argument"
    assert source_of("ingest.batch_rows") == "CITYOPS_INGEST__BATCH_ROWS"
    assert source_of("ingest.batch_age_s") == str(toml)
    assert source_of("ingest.shards") == "default"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYOPS_MQTT__USERNAME", "")
    assert load_settings().mqtt.username is None


def test_a_secret_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CITYOPS_DB__DSN").write_text("postgresql://u:from-file@db/x")
    monkeypatch.setitem(Settings.model_config, "secrets_dir", str(tmp_path))
    assert load_settings().db.dsn == "postgresql://u:from-file@db/x"
    assert source_of("db.dsn") == "secret file"


@pytest.mark.parametrize("name", ["CITYOPS_SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
def test_secret_files_may_be_elsewhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cityops_db__dsn").write_text("postgresql://u:from-file@db/x")
    monkeypatch.setenv(name, str(tmp_path))
    assert load_settings().db.dsn == "postgresql://u:from-file@db/x"
    assert source_of("db.dsn") == "secret file"


def test_a_folder_of_secrets_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYOPS_SECRETS_DIR", "/nowhere")
    with pytest.raises(ConfigurationError, match="CITYOPS_SECRETS_DIR=/nowhere: no such folder"):
        load_settings()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"ingest": {"batch_rows": 40000}}, "80000; MQTT 5 allows at most 65535"),
        (
            {"ingest": {"shards": "0-"}},
            "ingest.shards = '0-': shards '0-': use numbers and ranges",
        ),
        ({"ingest": {"shards": "256"}}, "each from 0 to 255"),
        ({"db": {"pool_min": 5, "pool_max": 2}}, r"db.pool_min \(5\) must not exceed db.pool_max \(2\)"),
        ({"mqtt": {"password": "x"}}, "mqtt.password is given without mqtt.username"),
        ({"mqtt": {"port": 70000}}, "mqtt.port = 70000: .*less than or equal to 65535"),
        ({"mqtt": {"prot": 1}}, "mqtt.prot: no such setting"),
        ({"nonsense": 1}, "nonsense: no such setting"),
        ({"log": {"level": "loud"}}, "log.level = 'loud': .*'debug'"),
        ({"sim": {"speed": "inf"}}, "sim.speed = 'inf': .*finite"),
        ({"db": {"connect_timeout_s": float("inf")}}, "db.connect_timeout_s = inf: .*finite"),
        ({"api": {"time_zone": "Mars"}}, "^api.time_zone = 'Mars': use an IANA name"),
    ],
)
def test_what_is_wrong_is_named_with_its_value(overrides: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_settings(**overrides)


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYOPS_API__PORT", "http")
    with pytest.raises(ConfigurationError, match=r"api.port = 'http' \(from CITYOPS_API__PORT\)"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("CITYOPS_INGEST__BATCHROWS", "CITYOPS_INGEST__BATCH_ROWS"),
        ("CITYOPS_DSN", "CITYOPS_DB__DSN"),
        ("CITYOPS_DATADIR", "CITYOPS_DATA_DIR"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_nearest(
    name: str, nearest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "1")
    with pytest.raises(ConfigurationError, match=f"{name}: no such setting; the nearest is {nearest}"):
        load_settings()


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYOPS_CONFIG", "/nowhere/cityops.toml")
    with pytest.raises(ConfigurationError, match=r"/nowhere/cityops.toml: no such file"):
        load_settings()


def test_a_file_that_is_no_toml_is_an_error_in_words(toml: Path) -> None:
    toml.write_text("[ingest\n")
    with pytest.raises(ConfigurationError, match=f"CITYOPS_CONFIG={toml} is no TOML file: "):
        load_settings()


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/council")
    monkeypatch.setenv("CITYOPS_DATA_DIR", "~/city")
    settings = load_settings(mqtt={"tls_ca": "~/ca.pem"}, kinds_dir="~/kinds")
    assert settings.data_dir == Path("/home/council/city")
    assert settings.mqtt.tls_ca == Path("/home/council/ca.pem")
    assert settings.kinds_dir == Path("/home/council/kinds")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(
        mqtt={"username": "ingest", "password": "hush-1"}, db={"dsn": "postgresql://u:hush-2@db:5432/x"}
    )
    assert isinstance(settings.mqtt.password, SecretStr)
    shown = {item.name: item.value for item in report(settings)}
    assert shown["mqtt.password"] == HIDDEN
    assert shown["db.dsn"] == f"postgresql://u:{HIDDEN}@db:5432/x"
    assert "hush" not in repr(settings)
    monkeypatch.setenv("CITYOPS_MQTT__PASSWORD", "hush-3")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "hush" not in str(caught.value)


def test_every_setting_is_reported_once() -> None:
    names = [item.name for item in report(load_settings())]
    assert names == [".".join(path) for path in leaves(Settings)]
    assert len(set(names)) == len(names)


def test_shards_are_numbers_and_ranges() -> None:
    assert parse_shards("3, 0-1,3") == (0, 1, 3)
    with pytest.raises(ValueError, match="shards"):
        parse_shards("5-2")
