"""Makers' JavaScript codecs for the bridge: the sandbox behind the bridge's own port."""

from __future__ import annotations

import asyncio
from datetime import datetime

from ingest.bridge.ports import Ran, SandboxError
from ingest.sandbox.ports import Codec, Decoder
from ingest.sandbox.ts013 import Payload, decode_uplinks

_ITS_OWN = frozenset({"threw", "wrong_answer", "not_loaded", "no_function"})
"""What a codec answers for itself, as it would anywhere else; the rest is what the sandbox stopped."""


class JavaScriptCodecs:
    """Runs codecs in threads that wait for the sandbox's processes."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    async def decode(self, source: str, payload: bytes, f_port: int, received_at: datetime) -> Ran:
        """Return what ``decodeUplink`` of ``source`` gives; SandboxError where it was stopped."""
        given = Payload(payload, f_port, received_at)
        (found,) = await asyncio.to_thread(decode_uplinks, self._decoder, Codec(source), [given])
        if found.problem is not None and found.problem.code not in _ITS_OWN:
            raise SandboxError(found.problem.message)
        if found.problem is not None:
            return Ran(data=None, errors=(found.problem.message,), warnings=found.warnings)
        return Ran(data=found.data, errors=found.errors, warnings=found.warnings)

    def close(self) -> None:
        """End the processes."""
        self._decoder.close()
