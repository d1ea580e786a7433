"""The frog's button and eyes: what presses mean, contacts that bounce, a fake pin under the real driver."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from cityops.errors import ConfigurationError
from devices.agent.presses import STEADY_S, TOGETHER_S, PressCounter, Pressed
from devices.drivers.button import Edge, GpioButton, SimulatedButton
from devices.drivers.eyes import DARK, PATTERNS, SORRY, Eyes, GpioLight, SimulatedLight, thanks


def pressed(button: SimulatedButton, until_s: float, turn_s: float = 0.4) -> list[Pressed]:
    """Let a counter look every ``turn_s`` [s], seeing only what has happened by then."""
    counter, waiting, found = PressCounter(), list(button.edges()), []
    turns = itertools.takewhile(lambda t: t <= until_s, itertools.count(0.0, turn_s))
    for now_s in turns:
        seen = [e for e in waiting if e.at_s <= now_s]
        waiting = waiting[len(seen) :]
        found += counter.update(seen, now_s)
    return found


@pytest.mark.parametrize(
    ("presses", "activity"), [(1, "shower"), (2, "cooking"), (3, "washing"), (4, "other"), (9, "other")]
)
@pytest.mark.parametrize("turn_s", [0.01, 0.3, 1.0, 7.0])
def test_presses_are_counted(presses: int, activity: str, turn_s: float) -> None:
    button = SimulatedButton()
    for i in range(presses):
        button.press(10.0 + 0.5 * i)
    assert pressed(button, 60.0, turn_s) == [Pressed(presses, 10.0, activity)]  # type: ignore[arg-type]


def test_what_is_apart_is_two() -> None:
    button = SimulatedButton()
    button.press(5.0)
    button.press(5.0 + TOGETHER_S + 0.1)
    assert [p.presses for p in pressed(button, 20.0)] == [1, 1]


def test_a_long_wait_for_the_network_does_not_join_what_was_apart() -> None:
    """Everything is seen at once, half a minute later."""
    button = SimulatedButton()
    for at_s in (1.0, 1.5, 10.0, 20.0, 20.4, 20.9):
        button.press(at_s)
    assert [(p.presses, p.at_s) for p in PressCounter().update(button.edges(), 40.0)] == [
        (2, 1.0),
        (1, 10.0),
        (3, 20.0),
    ]


def test_a_contact_that_bounces_is_one_press() -> None:
    button = SimulatedButton()
    for ms, down in (
        (0, True),
        (3, False),
        (5, True),
        (9, False),
        (12, True),
        (200, False),
        (203, True),
        (206, False),
    ):
        button.contact(3.0 + ms / 1000, down=down)
    assert [p.presses for p in pressed(button, 10.0)] == [1]


def test_a_spark_is_no_press() -> None:
    button = SimulatedButton()
    button.contact(3.0, down=True)
    button.contact(3.0 + STEADY_S / 2, down=False)
    assert pressed(button, 10.0) == []


def test_a_button_that_is_held_or_stuck_counts_once() -> None:
    button = SimulatedButton()
    button.contact(2.0, down=True)
    assert [p.presses for p in pressed(button, 500.0)] == [1]


def test_a_press_is_not_judged_before_it_is_steady() -> None:
    counter = PressCounter()
    assert counter.update([Edge(1.0, down=True)], 1.001) == []
    assert counter.update([], 1.0 + TOGETHER_S + 1.0) == [Pressed(1, 1.0, "shower")]


def test_eyes_answer_and_go_back_to_their_mood() -> None:
    light = SimulatedLight()
    eyes = Eyes(light)
    eyes.mood("look", 0.0)
    eyes.mood("look", 1.0)
    eyes.answer(thanks(2), 2.0)
    eyes.mood("act", 2.1)
    assert light.shown == [PATTERNS["look"], thanks(2)], "the answer is not cut short"
    eyes.mood("act", 10.0)
    eyes.mood("act", 11.0, dark=True)
    eyes.close()
    assert light.shown[2:] == [PATTERNS["act"], DARK, DARK]
    Eyes(None).mood("act", 0.0)
    Eyes(None).answer(SORRY, 0.0)


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    """The pin library's own fake."""
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


def test_the_driver_stamps_edges_of_a_real_button(pins: MockFactory) -> None:
    now_s = 100.0
    button = GpioButton(17, lambda: now_s)
    pin = pins.pin(17)
    assert pin.pull == "up"
    pin.drive_low()
    now_s = 100.2
    pin.drive_high()
    assert button.edges() == [Edge(100.0, down=True), Edge(100.2, down=False)]
    assert button.edges() == []
    button.close()
    GpioButton(17, lambda: now_s).close()


def test_the_driver_lights_real_eyes(pins: MockFactory) -> None:
    light = GpioLight(27)
    light.show(PATTERNS["act"])
    light.show(DARK)
    assert pins.pin(27).state == 0
    light.close()


def test_a_pin_that_is_taken_is_explained(pins: MockFactory) -> None:
    light = GpioLight(27)
    with pytest.raises(ConfigurationError, match=r"\[button\] pin 27 can't be used.*group gpio"):
        GpioButton(27, lambda: 0.0)
    with pytest.raises(ConfigurationError, match=r"\[eyes\] pin 27"):
        GpioLight(27)
    light.close()
