"""Logging: structlog to standard error, for people on a terminal, JSON otherwise."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from cityops import tracing
from cityops.redact import redact
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
        _hide_passwords,
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
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(human)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())


def _render(human: bool) -> list[Processor]:
    if human:
        return [structlog.dev.ConsoleRenderer(colors=True)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _name_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the trace that the line belongs to, where traces are on."""
    ids = tracing.current_ids()
    if ids is not None:
        event["trace_id"], event["span_id"] = ids
    return event


def _hide_passwords(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide passwords in connection strings: drivers like to quote them."""
    for key, value in event.items():
        if isinstance(value, str) and ("://" in value or "password=" in value):
            event[key] = redact(value)
    return event
