"""Whatever happens on the uplink, an entry leaves only through a receipt."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from devices.agent.publisher import Limits, Publisher

LIMITS = Limits(batch=5, window=2, unreceipted=12, interval_s=0.2)


class Uplink(RuleBasedStateMachine):
    """A device, a broker that answers as it likes, a server that receipts what it got."""

    @initialize(seed=st.integers(0, 2**16))
    def start(self, seed: int) -> None:
        self.publisher = Publisher(LIMITS, random.Random(seed))
        self.now_s = 0.0
        self.online = False
        self.created: list[tuple[int, int]] = []
        self.receipted: set[tuple[int, int]] = set()
        self.at_server: set[tuple[int, int]] = set()
        self.on_wire: dict[int, tuple[tuple[int, int], ...]] = {}
        self.may_resend: set[tuple[int, int]] = set()
        self.sent: set[tuple[int, int]] = set()
        self.next_mid = 1
        self.due: dict[tuple[int, int], float] = {}

    @rule(diary=st.booleans())
    def measure(self, diary: bool) -> None:
        key = (1 + len(self.created) // 7, len(self.created) % 7)
        self.created.append(key)
        self.publisher.add(key, "diary" if diary else "reading")

    @rule(receive_maximum=st.integers(1, 5))
    def connect(self, receive_maximum: int) -> None:
        if not self.online:
            self.online = True
            self.publisher.connected(receive_maximum)

    @rule()
    def disconnect(self) -> None:
        self.online = False
        self.may_resend |= self.sent
        self.on_wire.clear()
        self.publisher.disconnected()

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 30.0, 120.0, 4000.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        self.publisher.expire(self.now_s)
        self.may_resend |= {k for k in self.sent if self.now_s - self.due.get(k, self.now_s) >= 60.0}

    @rule(arrives=st.booleans(), fails=st.booleans())
    def send(self, arrives: bool, fails: bool) -> None:
        parcel = self.publisher.take(self.now_s)
        if parcel is None:
            return
        assert self.online
        assert 1 <= len(parcel.keys) <= LIMITS.batch
        assert list(parcel.keys) == sorted(set(parcel.keys))
        assert not set(parcel.keys) & self.receipted, "sent although the server has it"
        again = set(parcel.keys) & self.sent
        assert again <= self.may_resend, "sent twice for no reason"
        assert parcel.again == len(again)
        assert parcel.channel == "reading" or len(parcel.keys) == 1
        if fails:
            self.publisher.put_back(parcel.keys)
            return
        self.publisher.sent(self.next_mid, parcel.keys, self.now_s)
        self.on_wire[self.next_mid] = parcel.keys
        assert len(self.on_wire) <= LIMITS.window
        self.next_mid += 1
        self.sent |= set(parcel.keys)
        self.due.update(dict.fromkeys(parcel.keys, self.now_s))
        self.may_resend -= set(parcel.keys)
        if arrives:
            self.at_server |= set(parcel.keys)

    @precondition(lambda self: self.on_wire)
    @rule(data=st.data(), code=st.sampled_from([0x00, 0x10, 0x80, 0x87, 0x97]))
    def puback(self, data: st.DataObject, code: int) -> None:
        mid = data.draw(st.sampled_from(sorted(self.on_wire)))
        keys = self.on_wire.pop(mid)
        delivered = self.publisher.puback(mid, code, self.now_s)
        assert delivered is (code == 0)
        if not delivered:
            self.may_resend |= set(keys)

    @rule(mid=st.integers(10_000, 10_010), code=st.sampled_from([0x00, 0x10]))
    def stray_puback(self, mid: int, code: int) -> None:
        assert self.publisher.puback(mid, code, self.now_s) is None

    @rule(data=st.data(), boot=st.integers(1, 4), width=st.integers(0, 1000))
    def receipt(self, data: st.DataObject, boot: int, width: int) -> None:
        # The server may name more than this device ever sent; only what is ours may come back.
        first = data.draw(st.integers(0, 7))
        held = [k for k in self.at_server if k[0] == boot and first <= k[1] <= first + width]
        ranges = [(seq, seq) for _, seq in sorted(held)]
        runs = self.publisher.receipt(boot, ranges, self.now_s)
        named = {(boot, s) for a, b in runs for s in range(a, b + 1)}
        assert named == set(held) - self.receipted
        self.receipted |= named

    @rule(boot=st.integers(1, 4))
    def receipt_of_everything_stored(self, boot: int) -> None:
        named = {k for k in self.at_server if k[0] == boot}
        if named == {k for k in self.created if k[0] == boot} and named:
            runs = self.publisher.receipt(boot, [(0, 2**40)], self.now_s)
            assert {(boot, s) for a, b in runs for s in range(a, b + 1)} == named - self.receipted
            self.receipted |= named

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "publisher"):
            return
        assert self.publisher.unreceipted == len(set(self.created) - self.receipted)
        assert 0 <= self.publisher.waiting <= self.publisher.unreceipted
        oldest = min(set(self.created) - self.receipted, default=None)
        assert self.publisher.oldest == oldest

    def teardown(self) -> None:
        """A network and a server that work get everything."""
        if not hasattr(self, "publisher"):
            return
        self.publisher.disconnected()
        self.publisher.connected(65_535)
        for _ in range(4 * len(self.created) + 4):
            self.now_s += 1.0
            parcel = self.publisher.take(self.now_s)
            if parcel is None:
                break
            self.publisher.sent(self.next_mid, parcel.keys, self.now_s)
            self.publisher.puback(self.next_mid, 0, self.now_s)
            self.next_mid += 1
            for boot, seq in parcel.keys:
                self.publisher.receipt(boot, [(seq, seq)], self.now_s)
        assert self.publisher.unreceipted == 0


TestUplink = Uplink.TestCase
TestUplink.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
