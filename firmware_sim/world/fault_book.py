"""Which device has which fault now: those of the scenario, and those that are switched on while it plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from devices.registry import Device
from firmware_sim.world import faults
from firmware_sim.world.faults import Active
from firmware_sim.world.noise import key_of
from firmware_sim.world.script import Fault


class FaultBook:
    """Faults by device.

    Args:
        script: the scenario's.
        devices: of the town.
        seed: settles who is chosen where a fault names a share or a count.
        start_s: start of the scenario [s since 1970], from which its hours are counted.

    Raises:
        ValueError: a fault names a device that is not there.
    """

    def __init__(self, script: Sequence[Fault], devices: Sequence[Device], seed: int, start_s: float) -> None:
        self._devices = tuple(devices)
        self._seed = seed
        self._by_device = faults.assign(script, devices, seed, start_s)
        self._live: dict[int, dict[str, Active]] = {}
        self._held: dict[str, dict[str, float]] = {}

    @property
    def by_device(self) -> Mapping[str, Sequence[Active]]:
        """What each device has, at any time; it changes as faults are switched."""
        return self._by_device

    # ---- switched while the scenario plays

    def strike(self, number: int, fault: Fault, now_s: float) -> tuple[str, ...]:
        """Have a fault begin now; return the devices that it strikes. One of that number before ends.

        ``from_hour`` and ``to_hour`` count from ``now_s`` [s since 1970]; one from before begins now.

        Raises:
            ValueError: it names a device that is not there, or concerns nobody.
        """
        self.end(number)
        struck: dict[str, Active] = {}
        for name, actives in faults.assign([fault], self._devices, self._seed, now_s).items():
            scripted = actives[0]
            from_s = max(now_s, scripted.from_s)
            key = key_of(self._seed, f"live-{number}", name)
            struck[name] = Active(fault=fault, key=key, from_s=from_s, to_s=scripted.to_s)
        if not struck:
            raise ValueError(f"the fault {fault.fault} concerns nobody in this town")
        for name, active in struck.items():
            self._by_device.setdefault(name, []).append(active)
        self._live[number] = struck
        return tuple(struck)

    def end(self, number: int) -> bool:
        """End a switched fault; return whether there was one of that number."""
        struck = self._live.pop(number, {})
        for name, active in struck.items():
            self._by_device[name].remove(active)
            if active.fault.fault == "stuck":
                self._held.pop(name, None)
        return bool(struck)

    def standing(self, now_s: float) -> dict[int, tuple[str, ...]]:
        """Return the devices of each switched fault that holds at a time [s since 1970]."""
        return {
            number: names
            for number, struck in self._live.items()
            if (names := tuple(name for name, active in struck.items() if active.holds(now_s)))
        }

    # ---- what faults do

    def newly_stuck(self, previous_s: float, now_s: float) -> list[str]:
        """Return the devices that get stuck by ``now_s`` and whose last values nobody holds yet."""
        return [
            name
            for name, actives in self._by_device.items()
            if name not in self._held
            and any(a.fault.fault == "stuck" and a.from_s <= now_s and previous_s < a.to_s for a in actives)
        ]

    def hold(self, device: str, values: Mapping[str, float]) -> None:
        """Keep what a sensor said when it got stuck."""
        self._held[device] = dict(values)

    def corrupt(self, device: str, values: dict[str, float], tick: int, time_s: float) -> dict[str, float]:
        """Return what a device's sensors say instead of ``values``; see :func:`faults.corrupt`."""
        for active in self._by_device.get(device, ()):
            if active.holds(time_s):
                if active.fault.fault == "stuck" and device not in self._held:
                    self.hold(device, values)  # switched on between two steps of the world
                values = faults.corrupt(values, active, self._held.get(device), tick, time_s)
        return values

    def clock_offset_s(self, device: str, time_s: float) -> float:
        """Return by how much the device's clock is wrong [s]."""
        return sum(a.fault.value or 0.0 for a in self._holding(device, "clock", time_s))

    def uplink_up(self, device: str, time_s: float) -> bool:
        """Whether the device's link to the broker works."""
        return not self._down(device, "uplink", time_s)

    def has_power(self, device: str, time_s: float) -> bool:
        """Whether the device's supply holds; when it comes back the device starts anew."""
        return not self._down(device, "brown_out", time_s)

    def card_takes(self, device: str, time_s: float) -> bool:
        """Whether the device's card has room."""
        return not self._holding(device, "card_full", time_s)

    def _down(self, device: str, kind: str, time_s: float) -> bool:
        return any(
            faults.is_down(a.key, time_s, a.fault.probability, a.fault.spell_s)
            for a in self._holding(device, kind, time_s)
        )

    def _holding(self, device: str, kind: str, time_s: float) -> list[Active]:
        return [a for a in self._by_device.get(device, ()) if a.fault.fault == kind and a.holds(time_s)]
