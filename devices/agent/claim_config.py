"""The configuration file that a claim writes, and what it keeps of the one before."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.agent.config import config_of
from devices.agent.credential import write
from devices.agent.kept_sections import Kept
from devices.contract.provisioning import ClaimAnswer, Kind

UPDATE_KEYS = "update-keys.json"
KEPT = 5
"""Configurations of before that stay: each says where a household's things were. None has a password in it, which is a file
of its own that the next claim overwrites."""
_END = re.compile(r"(-[2-9]|-[1-9]\d{1,2})?", re.ASCII)
"""Of the name of one, behind ``.before``. A longer number is none of ours, but a day or a year of somebody's own copy."""
_SENSORS = {"frog": '[[sensors]]\ndriver = "sht4x"\n'}
"""What a kind of device usually measures with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a device keeps what it gets.

    Attributes:
        config: its configuration; secrets are beside it.
        data_dir: its outbox.
        is_set_aside: whether this run had the configuration that was there be :attr:`before`.
    """

    config: Path
    data_dir: Path
    is_set_aside: bool = False

    @property
    def before(self) -> Path:
        """The newest configuration that a claim set aside; where there is none, where the first one goes."""
        return self._before(max(self._numbers(), default=1))

    def set_aside(self) -> Place:
        """Keep the configuration that is there as it was, beside those of claims before: the first of them and the newest.

        Raises:
            OSError: the card takes no change.
        """
        numbers, present = self._numbers(), self.config.read_bytes()
        if not numbers or self.before.read_bytes() != present:
            numbers.append(max(numbers, default=0) + 1)
            write(self._before(numbers[-1]), present, 0o640)
        for number in numbers[1 : 1 - KEPT]:
            self._before(number).unlink()
        return replace(self, is_set_aside=True)

    def _before(self, number: int) -> Path:
        return self.config.with_name(f"{self.config.name}.before" + ("" if number == 1 else f"-{number}"))

    def _numbers(self) -> list[int]:
        beginning = f"{self.config.name}.before"
        ends = (
            path.name.removeprefix(beginning) for path in self.config.parent.glob(f"{escape(beginning)}*")
        )
        return sorted(1 if not end else int(end[1:]) for end in ends if _END.fullmatch(end))

    def beside(self, name: str) -> Path:
        """Return a file beside the configuration."""
        return self.config.with_name(name)


def with_kept(make: Callable[[Kept], str], kept: Kept, place: Place) -> tuple[str, str]:
    """Return the configuration with what is kept of the one before, and what there is to say of it.

    Where the agent can't read it so, and could without, nothing is kept.
    """
    text = make(kept)
    fault = _fault(text, place.config)
    if not kept or not fault:
        return text, ""
    bare = make(Kept())
    if _is_toml(text) and _fault(bare, place.config):
        return text, f"the agent will not start with this, nor without what was kept: {fault}"
    return bare, (
        f"nothing was kept of the configuration before, since the agent can't read it with the new name: {fault}. "
        f"It is in {place.before}: copy from there what this device needs"
    )


def _fault(text: str, path: Path) -> str:
    """Return why the agent does not start with a configuration, on one line; "": it does."""
    try:
        config_of(text, path)
    except ConfigurationError as e:
        return "; ".join(part.strip(" -") for part in str(e).splitlines())
    return ""


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def configuration(
    answer: ClaimAnswer,
    place: Place,
    kind: Kind,
    server: str,
    server_ca: Path | None = None,
    *,
    plain: bool = False,
    kept: Kept = Kept(),  # noqa: B008  a frozen value
) -> str:
    """Return the device's configuration file; what the one before said of anything else stays."""
    lines = ["# Written by cityops-agent claim; what it measures with and more: docs/frog.md."]
    lines += ["", kept.top, ""] if kept.top else []
    lines += [
        "[device]",
        f"name = {_text(answer.name)}",
        f"kind = {_text(answer.kind)}",
        f"shard = {answer.shard}",
        f"cadence_s = {answer.cadence_s}",
        f"data_dir = {_text(place.data_dir)}",
        "",
        "[broker]",
        f"host = {_text(answer.host)}",
        f"port = {answer.port}",
    ]
    if answer.ca:
        lines.append(f"tls_ca = {_text(place.beside('ca.pem'))}")
    elif plain:
        lines.append("plain = true   # without TLS: for a bench")
    if kind == "x509":
        own = _text(place.beside("device.pem"))
        lines += [f"tls_cert = {own}", f"tls_key = {own}"]
    else:
        lines.append(f"password_file = {_text(place.beside('password'))}")
    lines += kept.own.get("broker", ())
    lines += ["", "[server]", f"url = {_text(server)}"]
    if server_ca is not None:
        lines.append(f"ca = {_text(server_ca.absolute())}")
    lines += kept.own.get("server", ())
    if place.beside(UPDATE_KEYS).exists() and "update" not in kept.names:
        lines += ["", "[update]", f"keys_file = {_text(place.beside(UPDATE_KEYS))}"]
    lines += ["", kept.sections] if kept.sections else []
    if "sensors" not in kept.names:
        lines += ["", _SENSORS.get(answer.kind, "# Say what it measures with: [[sensors]]\n").rstrip()]
    return "\n".join([*lines, ""])


def _text(value: object) -> str:
    """Return a TOML basic string: JSON's, but for DEL, which is in none of ours."""
    return json.dumps(str(value), ensure_ascii=True)
