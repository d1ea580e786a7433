"""Answers what devices ask about updates, and goes on with the roll-outs."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec
import structlog

from cityops.clock import Clock
from devices.contract.update.messages import (
    PIECE_BYTES,
    ChunkAsk,
    Firmware,
    Offer,
    Said,
    piece,
)
from ingest.fleet.asks import Answer, Ask, Asking, Asks, BadAskError, Teller
from ingest.fleet.core.reach import NOBODY, why_nobody
from ingest.fleet.core.rollout import ENDED, Decision, Member, MemberState, decide
from ingest.fleet.updates.ports import Rollout, UpdateStore

T = TypeVar("T", Said, ChunkAsk)
log = structlog.get_logger(__name__)

BLOCK_BYTES = PIECE_BYTES * 16
"""Read from the store at once: neighbours of a street ask for the same."""
BLOCKS_KEPT = 64
EVERY_S = 5.0
BUNDLES_AT = "/firmware/bundles"
_PHASES: dict[str, MemberState] = {
    "offered": "offered",
    "fetching": "fetching",
    "staged": "staged",
    "switching": "trying",
    "trying": "trying",
}


def offer_of(rollout: Rollout, attempt: int) -> Answer:
    """Return the offer of a roll-out's bundle as it goes to a device."""
    bundle = rollout.bundle
    offer = Offer(
        bundle=bundle.bundle_id,
        serial=bundle.serial,
        version=bundle.version,
        size=bundle.size,
        unpacked=bundle.unpacked,
        attempt=attempt,
        url=f"{BUNDLES_AT}/{bundle.bundle_id}",
    )
    return Answer("firmware", msgspec.json.encode(Firmware(offer=offer)))


class UpdatesDesk:
    """The handlers of ``update`` and ``chunk``, and the job of roll-outs.

    Args:
        store: keeps everything.
        clock: says what time it is.
        every_s: between two looks at the roll-outs [s].
    """

    def __init__(self, store: UpdateStore, clock: Clock, every_s: float = EVERY_S) -> None:
        self._store = store
        self._clock = clock
        self._every_s = every_s
        self._looked: datetime | None = None
        self._blocks: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def join(self, asks: Asks) -> None:
        """Have devices' asks answered here."""
        asks.answer("update", self.said)
        asks.answer("chunk", self.chunk)

    # -- what devices say ------------------------------------------------------------------

    async def said(self, device: Asking, ask: Ask) -> Sequence[Answer]:
        """A device says how it stands: kept; what it should know is the answer.

        Raises:
            BadAskError: it can't be read.
        """
        said = _read(ask, Said)
        now = self._clock.now()
        await self._store.heard(device, said, now)
        found = await self._store.membership(device.name)
        if found is None:
            return ()
        rollout, member = found
        if rollout.state in ("halted", "cancelled") and _has_begun_nothing(said, rollout):
            return (Answer("firmware", msgspec.json.encode(Firmware(withdraw=rollout.bundle.bundle_id))),)
        state, reason = _where(said, rollout, member)
        if state is None:
            offered = rollout.state == "running" and member.state not in ENDED
            return (offer_of(rollout, member.attempt),) if offered else ()
        if state != member.state or state == "fetching":
            await self._store.moved(
                rollout.rollout_id, device.name, member.attempt, state, reason, said.held, now
            )
        return ()

    async def chunk(self, device: Asking, ask: Ask) -> Sequence[Answer]:
        """A device asks for pieces of a bundle.

        Raises:
            BadAskError: it can't be read.
        """
        wanted = _read(ask, ChunkAsk)
        at, answers = wanted.from_byte, []
        for _ in range(wanted.count):
            body = await self._read(wanted.bundle, at)
            if not body:
                break
            answers.append(Answer("firmware", piece(wanted.bundle, at, body)))
            at += len(body)
        return answers

    async def _read(self, bundle: str, at: int) -> bytes:
        first = at - at % BLOCK_BYTES
        block = self._blocks.get((bundle, first))
        if block is None:
            block = await self._store.piece(bundle, first, BLOCK_BYTES)
            if not block:
                return b""
            self._blocks[bundle, first] = block
            if len(self._blocks) > BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end((bundle, first))
        return block[at - first : at - first + PIECE_BYTES]

    # -- roll-outs ---------------------------------------------------------------------------

    async def look(self, teller: Teller) -> None:
        """Go on with every roll-out that runs."""
        now = self._clock.now()
        if self._looked is not None and 0 <= (now - self._looked).total_seconds() < self._every_s:
            return
        self._looked = now
        for rollout in await self._store.running():
            await self._go_on(rollout, teller, now)

    async def _go_on(self, rollout: Rollout, teller: Teller, now: datetime) -> None:
        devices = {device.name: device for device in await self._store.candidates(rollout)}
        members = await self._store.members(rollout.rollout_id)
        decision = decide(rollout.course, tuple(devices), members, now)
        if decision.halt == NOBODY:
            why = why_nobody(await self._store.reach(rollout.rollout_id))
            decision = dataclasses.replace(decision, halt=why or NOBODY)
        if decision == Decision() or not await self._store.decided(rollout, decision, now):
            return
        if decision.halt:
            log.warning("roll-out halted", rollout=rollout.rollout_id, reason=decision.halt)
            await self._withdraw(rollout, devices, members, teller)
        for offering in decision.offers:
            await teller.tell(devices[offering.device], offer_of(rollout, offering.attempt))

    async def _withdraw(
        self, rollout: Rollout, devices: Mapping[str, Asking], members: Mapping[str, Member], teller: Teller
    ) -> None:
        """Those that have not begun to run it leave it; who does not hear it now is told when it says how it stands."""
        left = Answer("firmware", msgspec.json.encode(Firmware(withdraw=rollout.bundle.bundle_id)))
        for name, member in members.items():
            if member.state in ("offered", "fetching", "staged") and name in devices:
                await teller.tell(devices[name], left)


def _read(ask: Ask, sort: type[T]) -> T:
    try:
        return msgspec.convert(ask, sort)
    except msgspec.ValidationError as e:
        raise BadAskError(str(e)) from e


def _has_begun_nothing(said: Said, rollout: Rollout) -> bool:
    return said.offered == rollout.bundle.bundle_id and said.phase in ("offered", "fetching", "staged")


def _where(said: Said, rollout: Rollout, member: Member) -> tuple[MemberState | None, str]:
    """Return where a device is with what it was offered, and why; None: it does not know of the offer."""
    bundle = rollout.bundle.bundle_id
    if said.offered == bundle and said.attempt == member.attempt:
        return _PHASES[said.phase], ""
    last = said.last
    if last is not None and last.bundle == bundle and last.attempt >= member.attempt:
        done = last.result == "confirmed"
        return (
            ("confirmed", "")
            if done
            else ("failed", f"{last.code}: {last.reason}" if last.reason else last.code)
        )
    if said.bundle == bundle and said.phase == "idle":
        return "confirmed", ""
    return None, ""
