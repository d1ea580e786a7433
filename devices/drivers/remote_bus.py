"""Wires at the other end of a Unix socket: simulated chips for whoever has no hardware.

The protocol: one JSON object in one line each way. Requests have ``op`` and its arguments, answers either
``ok`` with the result or ``errno`` and ``error``, which become the OSError that a real bus raises. Bytes are hex.

=============  ==============================================  ==========================================
op             arguments                                       ok
=============  ==============================================  ==========================================
``i2c``        ``bus``, ``address``, ``write``, ``read``       hex of the bytes read
``reopen``     ``bus``                                         null
``names``      ``folder``                                      list of names
``file``       ``path``                                        the file's text
``serial``     ``path``, ``baud``, ``read``, ``timeout_s``     hex of the bytes that came
``discard``    ``path``                                        null
``echo``       ``trigger``, ``echo``, ``timeout_s``            seconds, or null
``highs``      ``pin``, ``low_s``, ``listen_s``                list of microseconds
=============  ==============================================  ==========================================

The other end: :mod:`firmware_sim.lab.bus_server`, which has further ones for the laboratory.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from typing import Any

from cityops.errors import ConfigurationError
from devices.drivers.bus import I2cBus, KernelFiles, Pins, SerialPort

_PATIENCE_S = 10.0
_LONGEST_ANSWER = 1_000_000


class RemoteBoard:
    """The wires behind the socket ``path``; implements :class:`devices.drivers.bus.Board`.

    It connects when it is made, and again after the connection broke.

    Raises:
        ConfigurationError: nobody listens there.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._pending = b""
        try:
            self._connect()
        except OSError as e:
            raise ConfigurationError(
                f"bus unix:{path} can't be reached: {e.strerror or e}; start it with "
                f"python -m firmware_sim.lab.bus_server --socket {path} --scenario kitchen"
            ) from e

    def i2c(self, number: int) -> I2cBus:
        """Return bus ``number``."""
        return _RemoteI2c(self, number)

    def serial(self, path: str, baud: int) -> SerialPort:
        """Return a serial line."""
        return _RemoteSerial(self, path, baud)

    def files(self) -> KernelFiles:
        """Return the simulated kernel's files."""
        return _RemoteFiles(self)

    def pins(self) -> Pins:
        """Return the GPIO pins."""
        return _RemotePins(self)

    def ask(self, op: str, **arguments: object) -> Any:
        """Return what the other end answers; OSError as it says, or where it is gone."""
        try:
            answer = self._exchange(json.dumps({"op": op, **arguments}).encode() + b"\n")
        except OSError:
            self.close()
            raise
        if "errno" in answer:
            raise OSError(answer["errno"], answer["error"])
        return answer["ok"]

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._pending = None, b""

    def _connect(self) -> socket.socket:
        if self._socket is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(_PATIENCE_S)
            try:
                connection.connect(self._path)
            except OSError:
                connection.close()
                raise
            self._socket = connection
        return self._socket

    def _exchange(self, request: bytes) -> dict[str, Any]:
        connection = self._connect()
        connection.sendall(request)
        while b"\n" not in self._pending:
            data = connection.recv(65_536)
            if not data or len(self._pending) > _LONGEST_ANSWER:
                raise OSError(5, "the simulated bus hung up")
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        return answer


class _RemoteI2c:
    def __init__(self, board: RemoteBoard, number: int) -> None:
        self._board = board
        self._number = number

    def write(self, address: int, data: bytes) -> None:
        self._ask(address, data, 0)

    def read(self, address: int, length: int) -> bytes:
        return self._ask(address, b"", length)

    def write_read(self, address: int, data: bytes, length: int) -> bytes:
        return self._ask(address, data, length)

    def reopen(self) -> None:
        self._board.ask("reopen", bus=self._number)

    def _ask(self, address: int, data: bytes, length: int) -> bytes:
        answer = self._board.ask("i2c", bus=self._number, address=address, write=data.hex(), read=length)
        return bytes.fromhex(answer)


class _RemoteSerial:
    def __init__(self, board: RemoteBoard, path: str, baud: int) -> None:
        self._board = board
        self._path = path
        self._baud = baud

    def read(self, size: int, timeout_s: float) -> bytes:
        answer = self._board.ask("serial", path=self._path, baud=self._baud, read=size, timeout_s=timeout_s)
        return bytes.fromhex(answer)

    def discard(self) -> None:
        self._board.ask("discard", path=self._path)

    def reopen(self) -> None:
        self._board.close()


class _RemoteFiles:
    def __init__(self, board: RemoteBoard) -> None:
        self._board = board

    def names(self, folder: str) -> Sequence[str]:
        return tuple(self._board.ask("names", folder=folder))

    def read(self, path: str) -> str:
        return str(self._board.ask("file", path=path))


class _RemotePins:
    def __init__(self, board: RemoteBoard) -> None:
        self._board = board

    def echo_s(self, trigger: int, echo: int, timeout_s: float) -> float | None:
        answer = self._board.ask("echo", trigger=trigger, echo=echo, timeout_s=timeout_s)
        return None if answer is None else float(answer)

    def highs_us(self, pin: int, low_s: float, listen_s: float) -> Sequence[float]:
        return [float(width) for width in self._board.ask("highs", pin=pin, low_s=low_s, listen_s=listen_s)]
