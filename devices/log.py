"""A device's log: the standard library's logging, with facts beside each line.

``key=value`` for people on a terminal, one JSON object a line otherwise; what is named as a secret, and
what looks like one, is hidden before anything else sees it. structlog, which the servers use, would cost
a Pi twenty megabytes and half a second of each start; where a server process has configured it, the same
lines go through its handler with the same facts (:mod:`cityops.logs`).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from cityops.errors import ConfigurationError
from cityops.redact import HIDDEN, is_secret_name, redact_all

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("auto", "human", "json")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/+-%@°")


class Log:
    """A logger whose lines have facts: ``log.info("started", boot=3)``."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **facts: object) -> None:
        """Say what helps whoever looks for a fault."""
        self._say(logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """Say what happened."""
        self._say(logging.INFO, event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Say what somebody should look at."""
        self._say(logging.WARNING, event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Say what failed."""
        self._say(logging.ERROR, event, facts)

    def exception(self, event: str, **facts: object) -> None:
        """Say what failed, with the traceback of the exception being handled."""
        self._say(logging.ERROR, event, facts, trace=True)

    def _say(self, level: int, event: str, facts: Mapping[str, object], *, trace: bool = False) -> None:
        if not self._logger.isEnabledFor(level):
            return
        hidden = {name: _shown(name, value) for name, value in facts.items()}
        said = redact_all(event)
        # The message alone says all, for a handler that knows nothing of facts; % must not be read as a format.
        self._logger.log(
            level, "%s", _line(said, hidden), exc_info=trace, extra={"event": said, "facts": hidden}
        )


def get_logger(name: str) -> Log:
    """Return the log of the module ``name``."""
    return Log(name)


def configure(environment: Mapping[str, str], stream: TextIO | None = None) -> None:
    """Send everything that is logged to ``stream`` (standard error). The last call wins.

    Args:
        environment: ``CITYOPS_LOG__LEVEL`` (info) and ``CITYOPS_LOG__FORMAT`` (auto: for people on a
            terminal), as for the servers.
        stream: where to.

    Raises:
        ConfigurationError: one of them is none that there is.
    """
    level = _choice(environment, "CITYOPS_LOG__LEVEL", "info", LEVELS)
    wanted = _choice(environment, "CITYOPS_LOG__FORMAT", "auto", FORMATS)
    out = sys.stderr if stream is None else stream
    human = wanted == "human" or (wanted == "auto" and out.isatty())
    handler = logging.StreamHandler(out)
    handler.setFormatter(HumanFormatter() if human else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())


def level_now() -> str:
    """Return the least level that is logged."""
    name = logging.getLevelName(logging.getLogger().level).lower()
    return name if name in LEVELS else "info"


def set_level(level: str) -> None:
    """Log from ``level`` on (``debug``, ``info``, ``warning``, ``error``), whatever was configured."""
    logging.getLogger().setLevel(level.upper())


class HumanFormatter(logging.Formatter):
    """``20:15:03 info    started  boot=3``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with a traceback below it where there is one."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        event, facts = _said(record)
        line = f"{at} {record.levelname.lower():<7} {_line(event, facts)}"
        return line if not record.exc_info else f"{line}\n{redact_all(self.formatException(record.exc_info))}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the names that the servers' lines have."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event, facts = _said(record)
        document: dict[str, Any] = {
            **facts,
            "event": event,
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info:
            document["exception"] = redact_all(self.formatException(record.exc_info))
        return json.dumps(document, ensure_ascii=False, default=str)


def _said(record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
    """Return event and facts; a library's record has no facts and is not hidden yet."""
    event = getattr(record, "event", None)
    if event is None:
        return redact_all(record.getMessage()), {}
    return str(event), dict(getattr(record, "facts", {}))


def _shown(name: str, value: object) -> object:
    if value is not None and is_secret_name(name):
        return HIDDEN
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _shown(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown("", inner) for inner in value]
    return redact_all(repr(value) if isinstance(value, BaseException) else str(value))


def _line(event: str, facts: Mapping[str, object]) -> str:
    return "  ".join([event, " ".join(f"{name}={_quoted(value)}" for name, value in facts.items())]).rstrip()


def _quoted(value: object) -> str:
    text = str(value)
    return text if text and all(c in _PLAIN for c in text) else json.dumps(text, ensure_ascii=False)


def _choice(environment: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = (environment.get(name) or default).lower()
    if value not in allowed:
        raise ConfigurationError(f"{name} {value!r} is none of {', '.join(allowed)}")
    return value
