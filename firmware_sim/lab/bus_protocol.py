"""What the bus server answers: one request, one answer, both plain values.

The requests of the buses are those of :mod:`devices.drivers.remote_bus`. The laboratory's own:

=========  ============================  ==================================================
op         arguments                     ok
=========  ============================  ==================================================
``chips``                                list of ``chip``, ``truth``, ``faults``
``set``    ``chip``, ``truth``           null; sets what there is to measure
``fail``   ``chip``, ``fault``, ``times``  null; ``times`` null: until ``heal``
``heal``   ``chip``                      null
=========  ============================  ==================================================

``chip`` is a number from 0, in the order of the bench.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Mapping
from typing import Any

from cityops.errors import ConfigurationError
from firmware_sim.lab.bench import Bench

_MOST_BYTES = 4096
_LONGEST_WAIT_S = 9.0

Request = Mapping[str, Any]


def answer_line(bench: Bench, line: bytes) -> bytes:
    """Return the answer to one line; what can't be understood is an ``errno`` EINVAL, never an exception."""
    try:
        request = json.loads(line)
        answer = _answer(bench, request)
    except OSError as e:
        answer = {"errno": e.errno or errno.EIO, "error": e.strerror or str(e)}
    except ConfigurationError as e:
        answer = {"errno": errno.ENODEV, "error": str(e)}
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as e:
        answer = {"errno": errno.EINVAL, "error": f"bad request: {type(e).__name__} {e}"}
    return json.dumps(answer).encode() + b"\n"


def _answer(bench: Bench, request: Request) -> dict[str, Any]:
    op = request["op"]
    if op not in _OPS:
        raise ValueError(f"op {op!r}; there are {', '.join(_OPS)}")
    return {"ok": _OPS[op](bench, request)}


def _i2c(bench: Bench, request: Request) -> str:
    bus, address = bench.i2c(int(request["bus"])), int(request["address"])
    written, length = bytes.fromhex(request["write"]), int(request["read"])
    if not 0 <= length <= _MOST_BYTES:
        raise ValueError(f"read {length}: 0 to {_MOST_BYTES}")
    if not length:
        bus.write(address, written)
        return ""
    return (bus.write_read(address, written, length) if written else bus.read(address, length)).hex()


def _serial(bench: Bench, request: Request) -> str:
    port = bench.serial(str(request["path"]), int(request["baud"]))
    timeout_s = min(float(request["timeout_s"]), _LONGEST_WAIT_S)
    return port.read(min(int(request["read"]), _MOST_BYTES), timeout_s).hex()


def _discard(bench: Bench, request: Request) -> None:
    bench.serial(str(request["path"]), 9600).discard()


def _echo(bench: Bench, request: Request) -> float | None:
    timeout_s = min(float(request["timeout_s"]), _LONGEST_WAIT_S)
    return bench.pins().echo_s(int(request["trigger"]), int(request["echo"]), timeout_s)


def _highs(bench: Bench, request: Request) -> list[float]:
    low_s, listen_s = (min(float(request[name]), _LONGEST_WAIT_S) for name in ("low_s", "listen_s"))
    return list(bench.pins().highs_us(int(request["pin"]), low_s, listen_s))


def _chips(bench: Bench, request: Request) -> list[dict[str, Any]]:
    return [{"chip": c.name, "truth": c.truth, "faults": dict(c.faults)} for c in bench.chips]


def _set(bench: Bench, request: Request) -> None:
    chip = bench.chips[int(request["chip"])]
    unknown = request["truth"].keys() - chip.defaults.keys()
    if unknown:
        raise ValueError(f"{chip.name} measures no {sorted(unknown)[0]}; it has {', '.join(chip.defaults)}")
    chip.truth.update({name: float(value) for name, value in request["truth"].items()})


def _fail(bench: Bench, request: Request) -> None:
    times = request.get("times")
    bench.chips[int(request["chip"])].fail(str(request["fault"]), None if times is None else int(times))


_OPS: Mapping[str, Callable[[Bench, Request], Any]] = {
    "i2c": _i2c,
    "reopen": lambda bench, request: bench.i2c(int(request["bus"])).reopen(),
    "names": lambda bench, request: list(bench.files().names(str(request["folder"]))),
    "file": lambda bench, request: bench.files().read(str(request["path"])),
    "serial": _serial,
    "discard": _discard,
    "echo": _echo,
    "highs": _highs,
    "chips": _chips,
    "set": _set,
    "fail": _fail,
    "heal": lambda bench, request: bench.chips[int(request["chip"])].heal(),
}
