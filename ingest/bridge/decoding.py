"""An uplink through its codec, whichever language that is in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from devices.contract.kind import Kind
from ingest.bridge.ports import NoSandboxError, Sandbox, SandboxError
from ingest.core.lorawan.apply_map import apply_map
from ingest.core.lorawan.decoded import Decoded, DecodeError
from ingest.core.lorawan.events import Uplink
from ingest.core.lorawan.field_map import FieldMap, MapError, read_map
from ingest.core.lorawan.judge import Binding, Codec
from ingest.core.lorawan.native.catalogue import decode as decode_native
from ingest.core.lorawan.reasons import Reason, sentence


class RefusedError(Exception):
    """An uplink that is set aside, with its reason."""

    def __init__(self, reason: Reason, **facts: object) -> None:
        super().__init__(sentence(reason, **facts))
        self.reason = reason


class Decoding:
    """Decodes; keeps the maps that it has checked."""

    def __init__(self, kinds: Mapping[str, Kind], sandbox: Sandbox) -> None:
        self._kinds, self._sandbox = kinds, sandbox
        self._maps: dict[tuple[int, str], FieldMap] = {}

    async def decode(self, uplink: Uplink, at: datetime, binding: Binding) -> Decoded:
        """Return what ``uplink`` says.

        Raises:
            RefusedError: its codec can't decode it.
        """
        codec = binding.codec
        if uplink.f_port == 0 and not uplink.payload:
            return Decoded()  # commands of the network only: heard, and no more
        try:
            match codec.language:
                case "native":
                    return decode_native(codec.body, uplink.payload, uplink.f_port, binding.installation)
                case "map":
                    if uplink.decoded is None:
                        raise RefusedError(Reason.NO_DECODED_FIELDS, codec=codec.title)
                    return apply_map(self._map(codec, binding), uplink.decoded)
                case _:
                    return apply_map(self._map(codec, binding), await self._run(codec, uplink, at))
        except DecodeError as e:
            raise RefusedError(Reason.NOT_DECODED, codec=codec.title, why=e) from e

    async def _run(self, codec: Codec, uplink: Uplink, at: datetime) -> Mapping[str, Any]:
        try:
            ran = await self._sandbox.decode(codec.body, uplink.payload, uplink.f_port, at)
        except SandboxError as e:
            reason = Reason.NO_SANDBOX if isinstance(e, NoSandboxError) else Reason.CODEC_TIMEOUT
            raise RefusedError(reason, codec=codec.title, why=e) from e
        if ran.errors:
            raise DecodeError("; ".join(ran.errors))
        if ran.data is None:
            raise DecodeError("it gave neither data nor errors")
        return ran.data

    def _map(self, codec: Codec, binding: Binding) -> FieldMap:
        key = (codec.codec_id, binding.device_kind)
        if key not in self._maps:
            kind = self._kinds.get(binding.device_kind)
            try:
                if kind is None:
                    raise MapError(f"there is no kind {binding.device_kind}")
                self._maps[key] = read_map(codec.field_map, kind)
            except MapError as e:
                raise RefusedError(Reason.BAD_MAP, codec=codec.title, why=e) from e
        return self._maps[key]
