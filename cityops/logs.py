"""Logging: structlog to standard error, for people on a terminal, JSON otherwise."""

from __future__ import annotations

import logging
import sys
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from cityops import tracing
from cityops.redact import HIDDEN, is_secret_name, redact_all
from cityops.settings import LogSettings


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send all logging, ours and the libraries', to ``stream`` (standard error).

    May be called again; the last call wins.
    """
    out = sys.stderr if stream is None else stream
    human = settings.format == "human" or (settings.format == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name_trace,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_facts, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(human)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())


def _render(human: bool) -> list[Processor]:
    if human:
        # Plain: rich's frames show all local variables, passwords too, cut into pieces that nothing recognises.
        drawn = structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)
        return [_hide_secrets, drawn, _hide_in_line]
    return [structlog.processors.format_exc_info, _hide_secrets, structlog.processors.JSONRenderer()]


def _name_facts(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep the facts of a line of ``devices.log`` apart, as structlog's own lines have them."""
    facts = getattr(event["_record"], "facts", None)
    if facts is not None:
        event.update(facts, event=getattr(event["_record"], "event", event["event"]))
    return event


def _name_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the trace that the line belongs to, where traces are on."""
    ids = tracing.current_ids()
    if ids is not None:
        event["trace_id"], event["span_id"] = ids
    return event


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide what is named as a secret, and what looks like one in any text: drivers and libraries like to quote."""
    return {key: _shown(key, value) for key, value in event.items()}


def _shown(key: str, value: Any) -> Any:
    if value is not None and is_secret_name(key):
        return HIDDEN
    if isinstance(value, str):
        return redact_all(value)
    if isinstance(value, BaseException):
        return redact_all(repr(value))
    if isinstance(value, dict):
        return {k: _shown(str(k), v) for k, v in value.items()}
    return [_shown("", v) for v in value] if isinstance(value, list | tuple) else value


def _hide_in_line(_logger: WrappedLogger, _method: str, line: Any) -> Any:
    """Hide what a traceback quotes, which is there only when the line is drawn."""
    return redact_all(line) if isinstance(line, str) else line
