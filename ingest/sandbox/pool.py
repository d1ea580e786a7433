"""Codecs in processes of their own: what goes down with a codec is one of these, never the service."""

from __future__ import annotations

import queue
from collections.abc import Sequence

from ingest.sandbox.limits import Limits
from ingest.sandbox.ports import Answer, Call, Codec, Problem
from ingest.sandbox.speech import answer, refusal, request
from ingest.sandbox.worker import Worker

# A codec that has brought down so many processes in a row gets no further one for the same batch.
ENDINGS = 3


class PooledDecoder:
    """A decoder with a small number of processes, started when they are first needed."""

    def __init__(self, processes: int = 1, limits: Limits | None = None) -> None:
        if processes < 1:
            raise ValueError(f"processes is {processes}; at least 1 is needed")
        self._limits = limits or Limits()
        # The one that was last used comes first: it has the codecs loaded.
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._workers = [Worker(self._limits) for _ in range(processes)]
        for worker in self._workers:
            self._idle.put(worker)

    def run(self, codec: Codec, calls: Sequence[Call]) -> list[Answer]:
        """Return an answer for each call; waits for a process that is free."""
        if (problem := refusal(codec, self._limits)) is not None:
            return [Answer(problem=problem)] * len(calls)
        asked = [request(call, self._limits) for call in calls]
        worker = self._idle.get()
        try:
            given = iter(self._all(worker, codec, [text for text in asked if isinstance(text, str)]))
        finally:
            self._idle.put(worker)
        return [Answer(problem=text) if isinstance(text, Problem) else next(given) for text in asked]

    def close(self) -> None:
        """End the processes, each as soon as it is free."""
        for _ in self._workers:
            self._idle.get().stop()

    def _all(self, worker: Worker, codec: Codec, texts: list[str]) -> list[Answer]:
        answers: list[Answer] = []
        endings = 0
        while len(answers) < len(texts):
            given, problem = worker.ask(codec, texts[len(answers) :])
            answers.extend(answer(one, self._limits) for one in given)
            if problem is None:
                break
            endings = 1 if given else endings + 1
            answers.append(Answer(problem=problem))
            if endings >= ENDINGS:
                answers.extend([Answer(problem=problem)] * (len(texts) - len(answers)))
        return answers
