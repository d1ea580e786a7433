"""Codecs in our own process: for tests and tools. The service uses ``pool``: here nothing stops a native loop."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from ingest.sandbox.engine import Engine
from ingest.sandbox.limits import Limits
from ingest.sandbox.ports import Answer, Call, Codec, Problem
from ingest.sandbox.speech import answer, refusal, request


class InlineDecoder:
    """A decoder without processes: limits on time, memory and stack are the engine's own."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._engines: OrderedDict[int, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def run(self, codec: Codec, calls: Sequence[Call]) -> list[Answer]:
        """Return an answer for each call."""
        if (problem := refusal(codec, self._limits)) is not None:
            return [Answer(problem=problem)] * len(calls)
        with self._lock:
            engine = self._engine(codec)
            return [self._one(engine, request(call, self._limits)) for call in calls]

    def close(self) -> None:
        """Let go of the engines."""
        with self._lock:
            self._engines.clear()

    def _engine(self, codec: Codec) -> Engine:
        engine = self._engines.setdefault(codec.key, Engine(codec.source, self._limits))
        self._engines.move_to_end(codec.key)
        while len(self._engines) > self._limits.codecs:
            self._engines.popitem(last=False)
        return engine

    def _one(self, engine: Engine, asked: str | Problem) -> Answer:
        if isinstance(asked, Problem):
            return Answer(problem=asked)
        return answer(engine.call(asked), self._limits)
