"""The settings that there are: each has limits that mean something, and the page is what is declared."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from devices.contract.kind import discover
from devices.contract.settings.check import as_reported, check, read
from devices.contract.settings.declared import command_only, settings_of, settings_of_any
from devices.contract.settings.messages import MOST_BYTES, Desired, read_desired
from devices.contract.settings.reference import page
from devices.contract.settings.schema import json_schema

KINDS = discover()
FROG = settings_of(KINDS["frog"])
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_defaults_are_allowed(kind):
    declared = settings_of(kind)
    defaults = {n: s.default for n, s in declared.items() if s.default is not None}
    found = check(declared, defaults)
    assert not found.wrong
    assert found.settings == defaults
    jsonschema.validate({"version": 1, "settings": defaults}, json_schema(kind))


def test_kinds_have_what_they_have():
    assert "eyes.enabled" in FROG
    assert "eyes.enabled" not in settings_of(KINDS["bin"])
    assert "calibration.surface_state.offset" not in settings_of(KINDS["road"])
    assert "calibration.latitude_deg.offset" not in settings_of(KINDS["gritter"])
    assert command_only() == {"broker.host", "broker.port", "broker.ca"}
    assert settings_of_any(KINDS.values()).keys() > FROG.keys()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cadence_s", 9), ("cadence_s", 10**400), ("judge.cold_c", -(10**400)), ("cadence_s", float("inf")), ("cadence_s", 300.5), ("cadence_s", True), ("cadence_s", "300"), ("cadence_s", float("nan")),
        ("eyes.enabled", 1), ("eyes.dark_from_h", 24), ("log.level", "loud"), ("broker.host", "a b"), ("broker.host", ""),
        ("broker.ca", "no certificate"), ("broker.ca", PEM * 1000), ("calibration.humidity_pct.gain", 0.0),
        ("judge.cold_c", None), ("judge.cold_c", [1]),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_named(name, value):
    found = check(FROG, {name: value})
    assert name not in found.settings
    assert [w.name for w in found.wrong] == [name]
    assert FROG[name].allowed() in str(found.wrong[0])


def test_zero_is_a_value():
    given = {"calibration.temperature_c.offset": 0.0, "eyes.look_on_s": 0, "eyes.dark_from_h": 0}
    assert check(FROG, given).settings == given


def test_what_fits_alone_must_fit_together():
    wrong = check(FROG, {"judge.wall_look_pct": 85.0}).wrong  # the default of act is 80
    assert "below judge.wall_act_pct, which is 80" in str(wrong[0])
    wrong = check(FROG, {"eyes.act_on_s": 0.1, "eyes.act_off_s": 0.2}).wrong
    assert "third of a second" in str(wrong[0])


def test_unknown_names_are_no_error():
    found = check(FROG, {"siren.loud": True, "cadence_s": 60})
    assert found.unknown == ("siren.loud",)
    assert found.settings == {"cadence_s": 60}
    assert not found.wrong


def test_what_somebody_types_is_read():
    assert read(FROG["cadence_s"], " 60 ") == 60
    assert read(FROG["eyes.enabled"], "No") is False
    assert read(FROG["calibration.temperature_c.offset"], "-0.3") == -0.3
    with pytest.raises(ValueError, match="cadence_s 5: must be a whole number from 10 to 86400 s"):
        read(FROG["cadence_s"], "5")


def test_a_certificate_is_reported_by_its_digest():
    assert str(as_reported(FROG["broker.ca"], PEM)).startswith("sha256:")
    assert as_reported(FROG["broker.ca"], PEM) == as_reported(FROG["broker.ca"], PEM.replace("\n", "\r\n"))
    assert as_reported(FROG["broker.port"], 8883) == 8883


def test_documents_of_others_are_read():
    """A newer server or firmware may say more."""
    assert read_desired(b'{"version": 3, "settings": {}, "more": 1}') == Desired(version=3, settings={})
    for bad in (b"{}", b'{"version": 0, "settings": {}}', b'{"version": 1, "settings": {"a": [1]}}', b"\xff"):
        with pytest.raises(ValueError, match=r"JSON|missing|Expected|utf-8|malformed"):
            read_desired(bad)


def test_all_of_them_fit_into_a_message():
    every = {n: s.default if s.default is not None else 1 for n, s in FROG.items()} | {
        "broker.ca": "x" * 16_384
    }
    import msgspec

    assert len(msgspec.json.encode(Desired(version=1, settings=every))) < MOST_BYTES


def test_the_page_is_what_is_declared():
    assert Path("docs/device-settings.md").read_text(encoding="utf-8") == page(KINDS.values()), (
        "run: cityops fleet settings --markdown docs/device-settings.md"
    )
