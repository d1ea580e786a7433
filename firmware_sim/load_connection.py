"""One connection of the load generator, for one device or several."""

from __future__ import annotations

import random
import socket
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from cityops.runtime.backoff import Backoff
from devices.agent.broker import BrokerAddress
from devices.agent.counts import Observer
from devices.agent.entry import runs_of
from devices.contract.messages import Receipt
from devices.contract.topics import topic
from devices.registry import Device
from firmware_sim import load_wire as wire

_RECEIPT = msgspec.json.Decoder(Receipt)
_FRAGMENTS = tuple(
    b'"temperature_c":%.2f,"humidity_pct":%.1f,"wall_temperature_c":%.2f,"pressure_hpa":%.1f,"battery_v":%.2f}'
    % (
        16 + 6 * (i % 131) / 131,
        40 + 35 * (i % 97) / 97,
        9 + 8 * (i % 71) / 71,
        985 + 40 * (i % 53) / 53,
        3.0,
    )
    for i in range(997)
)
_REFUSED_WAIT_S = 1.0
_DOUBLINGS = 6
_RECONNECT = Backoff(first_s=0.2, cap_s=2.0)


@dataclass(slots=True)
class LoadDevice:
    """A device of the generator and what is not receipted of it.

    ``pending``: sequence to (measured time [ms], last sent [s, monotonic], how often sent again).
    """

    device: Device
    prefix: bytes
    boot: int
    next_seq: int = 0
    pending: dict[int, tuple[int, float, int]] = field(default_factory=dict)
    pubacked: int = 0
    receipted: int = 0

    def payload(self, seq: int, ts_ms: int) -> bytes:
        """Return the reading: the same for the same sequence whenever it is sent."""
        return b'{"ts":%d,"boot":%d,"seq":%d,"mono_ms":%d,"clk":2,%b' % (
            ts_ms,
            self.boot,
            seq,
            seq * 1000,
            _FRAGMENTS[(seq * 31 + len(self.prefix)) % 997],
        )


@dataclass(slots=True)
class LoadCounts:
    """Totals of a run; ``refused`` and ``pubacked`` are of messages, one reading each."""

    created: int = 0
    sent: int = 0
    resent: int = 0
    pubacked: int = 0
    refused: int = 0
    receipted: int = 0
    connects: int = 0


class LoadConnection:
    """Sends for its devices in turn; keeps every reading until its receipt.

    Its owner watches :attr:`sock` and calls :meth:`readable` and :meth:`flush`.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        devices: Sequence[LoadDevice],
        counts: LoadCounts,
        window: int,
        observer: Observer | None,
        rng: random.Random,
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._devices = tuple(devices)
        self._by_name = {d.device.name: d for d in devices}
        self._counts = counts
        self._window_wanted = window
        self._observer = observer
        self._rng = rng
        self._turn = 0
        self.sock: socket.socket | None = None
        self.next_attempt_s = 0.0
        self._failures = 0
        self._reset()

    def _reset(self) -> None:
        self.ready = False
        self._window = self._window_wanted
        self._in = bytearray()
        self._out = bytearray()
        self._by_mid: dict[int, tuple[LoadDevice, int]] = {}
        self._again: deque[tuple[LoadDevice, int]] = deque()
        self._held_until_s = 0.0
        self._next_mid = 0
        self.last_out_s = 0.0
        self._last_in_s = 0.0

    @property
    def room(self) -> int:
        """How many messages may be sent now."""
        return self._window - len(self._by_mid) if self.ready and len(self._out) < 262_144 else 0

    @property
    def busy(self) -> bool:
        """Whether something is not yet acknowledged by the broker, or to be sent again."""
        return bool(self._by_mid or self._again or self._out)

    # -- connection ----------------------------------------------------------------

    def open(self, now_s: float) -> bool:
        """Connect; return whether there is a socket now."""
        b = self._broker
        try:
            self.sock = socket.create_connection((b.host, b.port), timeout=b.connect_timeout_s)
        except OSError:
            self._back_off(now_s)
            return False
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reset()
        self.last_out_s = self._last_in_s = now_s
        self._out += wire.connect(self._client_id, b.username, b.password, b.keepalive_s)
        return True

    def close(self) -> None:
        """Leave; the broker is told where the socket still takes it."""
        if self.ready:
            self._out += b"\xe0\x00"
            self.flush(0.0)
        if self.sock is not None:
            self.sock.close()
            self.sock = None
        self.ready = False

    def lost(self, now_s: float) -> None:
        """The connection is gone; everything pending goes out again on the next."""
        if self.sock is not None:
            self.sock.close()
            self.sock = None
        self.ready = False
        self._back_off(now_s)

    def _back_off(self, now_s: float) -> None:
        self.next_attempt_s = now_s + 0.05 + _RECONNECT.delay(self._failures, self._rng)
        self._failures += 1

    # -- sending -------------------------------------------------------------------

    def create(self, count: int, ts_ms: int, now_s: float) -> int:
        """Measure and queue up to ``count`` new readings; return how many."""
        count = min(count, self.room) if not self._again else 0
        devices, turn = self._devices, self._turn
        for _ in range(count):
            device = devices[turn]
            turn = turn + 1 if turn + 1 < len(devices) else 0
            seq = device.next_seq
            device.next_seq = seq + 1
            device.pending[seq] = (ts_ms, now_s, 0)
            if self._observer is not None:
                self._observer.created(device.device.name, (device.boot, seq))
            self._put(device, seq, ts_ms)
        self._turn = turn
        self._counts.created += count
        return count

    def resend(self, now_s: float) -> None:
        """Queue what is to be sent again, as far as there is room."""
        if now_s < self._held_until_s:
            return
        for _ in range(min(self.room, len(self._again))):
            device, seq = self._again.popleft()
            held = device.pending.get(seq)
            if held is not None:
                device.pending[seq] = (held[0], now_s, held[2] + 1)
                self._counts.resent += 1
                self._put(device, seq, held[0])

    def expire(self, now_s: float, after_s: float) -> None:
        """Have everything sent again that was sent ``after_s`` ago and has no receipt.

        Twice as long at each further time, as real devices wait: else a server that is behind
        would be given ever more to do.
        """
        waiting = {(id(d), s) for d, s in self._again}
        for device in self._devices:
            for seq, (_, sent_s, again) in device.pending.items():
                if (
                    now_s - sent_s >= after_s * 2.0 ** min(again, _DOUBLINGS)
                    and (id(device), seq) not in waiting
                ):
                    self._again.append((device, seq))

    def keep_alive(self, now_s: float) -> None:
        """Send a ping where nothing was sent for long."""
        if self.ready and now_s - self.last_out_s > self._broker.keepalive_s / 2:
            self._out += wire.PINGREQ

    def silent(self, now_s: float) -> bool:
        """Whether the broker has said nothing for 1.5 keep-alives, as over a connection that is half open."""
        return self.sock is not None and now_s - self._last_in_s > 1.5 * self._broker.keepalive_s

    def flush(self, now_s: float) -> bool:
        """Hand queued bytes to the socket; return False where the connection is gone."""
        if self.sock is None or not self._out:
            return self.sock is not None
        try:
            sent = self.sock.send(self._out)
        except BlockingIOError:
            return True
        except OSError:
            return False
        del self._out[:sent]
        self.last_out_s = now_s
        return True

    def _put(self, device: LoadDevice, seq: int, ts_ms: int) -> None:
        mid = self._next_mid % 65_535 + 1
        while mid in self._by_mid:
            mid = mid % 65_535 + 1
        self._next_mid = mid
        self._by_mid[mid] = (device, seq)
        self._out += wire.publish(device.prefix, mid, device.payload(seq, ts_ms))
        self._counts.sent += 1

    # -- receiving -----------------------------------------------------------------

    def readable(self, now_s: float) -> bool:
        """Take in what has arrived; return False where the connection is over."""
        if self.sock is None:
            return False
        try:
            data = self.sock.recv(262_144)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        self._in += data
        self._last_in_s = now_s
        return all(self._handle(packet, now_s) for packet in wire.take(self._in))

    def _handle(self, packet: wire.Packet, now_s: float) -> bool:
        kind = packet.head & 0xF0
        if kind == wire.PUBACK:
            self._pubacked(*wire.puback(packet), now_s)
        elif kind == wire.PUBLISH:
            self._receipt(*wire.published(packet))
        elif kind == wire.CONNACK:
            return self._accepted(*wire.connack(packet))
        return kind != wire.DISCONNECT

    def _accepted(self, code: int, receive_maximum: int) -> bool:
        if code != 0:
            return False
        self.ready = True
        self._failures = 0
        self._window = min(self._window_wanted, receive_maximum)
        self._counts.connects += 1
        self._again = deque((d, seq) for d in self._devices for seq in d.pending)
        names = [d.device for d in self._devices]
        for i in range(0, len(names), 100):
            self._out += wire.subscribe(
                [topic(d.shard, d.kind, d.name, "receipt") for d in names[i : i + 100]]
            )
        return True

    def _pubacked(self, mid: int, code: int, now_s: float) -> None:
        found = self._by_mid.pop(mid, None)
        if found is None:
            return
        device, seq = found
        if code >= 0x80 or code == 0x10:
            self._counts.refused += 1
            self._again.append((device, seq))
            self._held_until_s = now_s + _REFUSED_WAIT_S
            return
        self._counts.pubacked += 1
        device.pubacked += 1
        if self._observer is not None:
            self._observer.pubacked(device.device.name, [(device.boot, seq)])

    def _receipt(self, sent_to: str, payload: bytes) -> None:
        device = self._by_name.get(sent_to.split("/")[4])
        if device is None:
            return
        for part in _RECEIPT.decode(payload).received:
            if part.boot != device.boot:
                continue
            gone = [s for s in device.pending if any(a <= s <= b for a, b in part.ranges)]
            for seq in gone:
                del device.pending[seq]
            device.receipted += len(gone)
            self._counts.receipted += len(gone)
            if self._observer is not None:
                self._observer.receipted(device.device.name, part.boot, runs_of(gone))
