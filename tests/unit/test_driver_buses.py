"""The wires: real adapters on stand-ins of their libraries, and one behaviour of a bench, near and over a socket."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cityops.errors import ConfigurationError
from devices.drivers.boards import Boards, is_bus_name, number_of
from devices.drivers.bus import Board, why
from devices.drivers.gpio import give_lgpio_a_folder
from devices.drivers.gps import Gps
from devices.drivers.i2c import SmbusI2c
from devices.drivers.kernel_files import LocalFiles
from devices.drivers.lent_board import board_named
from devices.drivers.pi import PiBoard
from devices.drivers.pins import highs_of
from devices.drivers.remote_bus import RemoteBoard
from devices.drivers.serial_port import TermiosPort
from firmware_sim.lab.bench import Bench, load_bench
from firmware_sim.lab.bus_protocol import answer_line
from firmware_sim.lab.bus_server import serving
from firmware_sim.lab.chips.gps import SimGps

# --- One behaviour of a board, in this process and over the socket.


@pytest.fixture(params=["near", "remote"])
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Board, Bench]]:
    bench = load_bench("bins")
    if request.param == "near":
        yield bench, bench
        return
    with serving(tmp_path / "bus", bench):
        yield RemoteBoard(str(tmp_path / "bus")), bench


def test_i2c_reads_writes_and_says_who_is_not_there(board: tuple[Board, Bench]) -> None:
    bus = board[0].i2c(1)
    assert bus.write_read(0x29, b"\x01\x0f", 2) == b"\xea\xcc"
    bus.write(0x29, b"\x00\x2d\x55")
    assert bus.write_read(0x29, b"\x00\x2d", 1) == b"\x55"
    assert bus.read(0x29, 1) == b"\x55"
    with pytest.raises(OSError, match="Remote I/O") as caught:
        bus.read(0x30, 1)
    assert caught.value.errno == errno.EREMOTEIO
    board[1].chips[0].fail("held_low")
    with pytest.raises(TimeoutError):
        bus.read(0x30, 1)
    bus.reopen()
    assert board[1].reopened == 1


def test_files_pins_and_lines(board: tuple[Board, Bench]) -> None:
    wires, bench = board
    assert list(wires.files().names("/sys/bus/iio/devices")) == ["iio:device0"]
    assert list(wires.files().names("/nowhere")) == []
    assert wires.files().read("/sys/bus/iio/devices/iio:device0/in_temp_input") == "12000\n"
    with pytest.raises(FileNotFoundError):
        wires.files().read("/sys/bus/w1/devices/28-0/w1_slave")
    assert wires.pins().echo_s(23, 24, 0.01) == pytest.approx(0.00378, abs=0.0001)
    assert wires.pins().echo_s(5, 6, 0.01) is None
    assert len(wires.pins().highs_us(17, 0.0012, 0.001)) == 41
    assert list(wires.pins().highs_us(18, 0.0012, 0.001)) == []
    port = wires.serial("/dev/serial0", 9600)
    port.discard()
    assert port.read(64, 1.0)[:1] == b"\xff"
    bench.chips[2].fail("nack")
    port.discard()
    assert port.read(64, 0.15) == b""
    port.reopen()
    with pytest.raises(FileNotFoundError):
        wires.serial("/dev/ttyUSB7", 9600).read(1, 0.01)


# --- The socket.


def test_a_request_that_is_none_is_answered_and_harms_nobody() -> None:
    bench = load_bench("kitchen")
    for line in (b"", b"{}", b"[1]", b'{"op": "explode"}', b'{"op": "i2c", "bus": 1, "address": 68, "write": "zz", "read": 1}',
                 b'{"op": "i2c", "bus": 1, "address": 68, "write": "fd", "read": 99999}', b"\xff\xfe\n", b'{"op": "fail", "chip": 9}'):  # fmt: skip
        answer = answer_line(bench, line)
        assert b'"errno": 22' in answer, line
    assert b'"errno": 19' in answer_line(bench, b'{"op": "reopen", "bus": 7}')
    assert b'{"ok": "' in answer_line(
        bench, b'{"op": "i2c", "bus": 1, "address": 118, "write": "d0", "read": 1}'
    )


def test_the_laboratory_sets_the_truth_and_orders_faults(tmp_path: Path) -> None:
    with serving(tmp_path / "bus", load_bench("kitchen")):
        board = RemoteBoard(str(tmp_path / "bus"))
        chips = board.ask("chips")
        assert [chip["chip"] for chip in chips] == ["sht4x", "bme280", "ds18b20"]
        path = "/sys/bus/w1/devices/28-0316a2798fff/w1_slave"
        board.ask("set", chip=2, truth={"temperature_c": -10.125})
        assert board.files().read(path).endswith("t=-10125\n")
        board.ask("fail", chip=2, fault="power_on", times=1)
        assert board.files().read(path).endswith("t=85000\n")
        assert board.files().read(path).endswith("t=-10125\n")
        board.ask("fail", chip=2, fault="gone")
        with pytest.raises(FileNotFoundError):
            board.files().read(path)
        board.ask("heal", chip=2)
        assert board.files().read(path).endswith("t=-10125\n")
        with pytest.raises(OSError, match="measures no nose"):
            board.ask("set", chip=2, truth={"nose": 1})
        with pytest.raises(OSError, match="no fault 'flu'; there are nack"):
            board.ask("fail", chip=2, fault="flu")
        assert (tmp_path / "bus").stat().st_mode & 0o077 == 0, "for this user only"


def test_a_server_that_comes_back_is_used_again(tmp_path: Path) -> None:
    path = tmp_path / "bus"
    with serving(path, load_bench("kitchen")) as server:
        board = RemoteBoard(str(path))
        assert board.i2c(1).write_read(0x76, b"\xd0", 1) == b"\x60"
        held = board._socket
        assert held is not None
        held.shutdown(socket.SHUT_RDWR)
        with pytest.raises(OSError, match=r"hung up|Broken pipe"):
            board.i2c(1).read(0x76, 1)
        assert board.i2c(1).write_read(0x76, b"\xd0", 1) == b"\x60"
        assert server.path == path
    with pytest.raises(ConfigurationError, match=r"unix:/nowhere/bus can't be reached: .*bus_server"):
        Boards().of("unix:/nowhere/bus")


def test_names_of_buses() -> None:
    assert is_bus_name("unix:/run/x")
    assert not is_bus_name("unix:")
    assert (number_of(3), number_of("unix:/x"), number_of(None)) == (3, 1, 1)
    with board_named(None) as nothing, board_named("1") as number:
        assert nothing is None
        assert number is None
    with pytest.raises(ConfigurationError, match="a number, unix:PATH or fake:BENCH"), board_named("i2c"):
        pass


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[chips]]\nchip = 'sht9'", r"chips\[0\]: chip 'sht9' is not known; there are .*sht4x"),
        (
            "[[chips]]\nchip = 'sht4x'\naddress = 68\nnose = 1.0",
            "sht4x measures no nose; it has temperature_c",
        ),
        ("[[chips]]\nchip = 'sht4x'\naddress = 68\nfault = 'flu'", "no fault 'flu'"),
        ("[[chips]]\nchip = 'sht4x'\naddress = 68\nnoise = 'loud'\nfault = 3", "no fault 3"),
        ("chips = [", "is no TOML"),
    ],
)
def test_a_bench_that_does_not_fit_is_explained(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=reason):
        load_bench(str(path))
    with pytest.raises(ConfigurationError, match=r"no bench 'attic': a .toml file, or one of bins, "):
        load_bench("attic")


# --- This machine: I²C.


class StandInMessage:
    def __init__(self, address: int, data: bytes | int) -> None:
        self.address, self.data = address, data
        self.answer = b""

    def __bytes__(self) -> bytes:
        return self.answer

    @staticmethod
    def read(address: int, length: int) -> StandInMessage:
        return StandInMessage(address, length)

    @staticmethod
    def write(address: int, data: bytes) -> StandInMessage:
        return StandInMessage(address, bytes(data))


class StandInSmbus:
    """What of smbus2.SMBus is used."""

    opened: ClassVar[list[int]] = []
    closed = 0
    transfers: ClassVar[list[list[tuple[int, bytes | int]]]] = []

    def __init__(self, number: int) -> None:
        if number == 9:
            raise FileNotFoundError(2, "No such file or directory")
        self.opened.append(number)

    def close(self) -> None:
        StandInSmbus.closed += 1

    def i2c_rdwr(self, *messages: StandInMessage) -> None:
        self.transfers.append([(m.address, m.data) for m in messages])
        for message in messages:
            if isinstance(message.data, int):
                message.answer = bytes(range(message.data))


@pytest.fixture
def smbus(monkeypatch: pytest.MonkeyPatch) -> type[StandInSmbus]:
    module = types.ModuleType("smbus2")
    StandInSmbus.opened, StandInSmbus.closed, StandInSmbus.transfers = [], 0, []
    module.SMBus, module.i2c_msg = StandInSmbus, StandInMessage  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "smbus2", module)
    return StandInSmbus


def test_a_write_and_a_read_are_one_transfer(smbus: type[StandInSmbus]) -> None:
    bus = SmbusI2c(1)
    bus.write(0x44, b"\xfd")
    assert bus.read(0x44, 6) == bytes(range(6))
    assert bus.write_read(0x5A, b"\x07", 3) == bytes(range(3))
    assert smbus.transfers == [[(0x44, b"\xfd")], [(0x44, 6)], [(0x5A, b"\x07"), (0x5A, 3)]]
    bus.reopen()
    assert (smbus.opened, smbus.closed) == ([1, 1], 1)


def test_a_bus_is_opened_once_and_its_absence_explained(
    smbus: type[StandInSmbus], monkeypatch: pytest.MonkeyPatch
) -> None:
    board = PiBoard()
    assert board.i2c(1) is board.i2c(1)
    assert smbus.opened == [1]
    with pytest.raises(ConfigurationError, match=r"I²C bus 9: No such file .* raspi-config"):
        board.i2c(9)
    monkeypatch.setitem(sys.modules, "smbus2", None)
    with pytest.raises(ConfigurationError, match=r"needs the package smbus2: pip install '.\[pi\]'"):
        PiBoard().i2c(1)


# --- This machine: pins.


class StandInLgpio(types.ModuleType):
    """What of lgpio is used: edges come when the trigger falls, or when the alert is claimed after a low."""

    BOTH_EDGES = 3

    class error(Exception):
        pass

    def __init__(self, label: str, answer: Callable[[int], list[tuple[int, int]]], level: int = 0) -> None:
        super().__init__("lgpio")
        self.label, self.answer, self.level = label, answer, level
        self.calls: list[tuple[Any, ...]] = []
        self.listeners: dict[int, Callable[[int, int, int, int], None]] = {}
        self.low: set[int] = set()

    def gpiochip_open(self, number: int) -> int:
        if number:
            raise self.error("no such chip")
        return 7

    def gpiochip_close(self, handle: int) -> int:
        return 0

    def gpio_get_chip_info(self, handle: int) -> list[Any]:
        return [0, 54, "gpiochip0", self.label]

    def gpio_claim_output(self, handle: int, pin: int, level: int = 0) -> int:
        self.calls.append(("out", pin))
        self.low.add(pin)
        return 0

    def gpio_claim_alert(self, handle: int, pin: int, edges: int) -> int:
        self.calls.append(("alert", pin))
        if pin in self.low:
            self._send(pin)
        return 0

    def gpio_read(self, handle: int, pin: int) -> int:
        return self.level

    def gpio_write(self, handle: int, pin: int, level: int) -> int:
        self.calls.append(("write", pin, level))
        if level == 0:
            for listening in list(self.listeners):
                self._send(listening)
        return 0

    def gpio_free(self, handle: int, pin: int) -> int:
        self.calls.append(("free", pin))
        return 0

    def callback(self, handle: int, pin: int, edge: int, func: Callable[[int, int, int, int], None]) -> Any:
        self.listeners[pin] = func
        return types.SimpleNamespace(cancel=lambda: self.listeners.pop(pin))

    def _send(self, pin: int) -> None:
        for level, at_ns in self.answer(pin):
            self.listeners[pin](0, pin, level, at_ns)


def test_an_echo_is_timed_by_the_kernels_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    lgpio = StandInLgpio("pinctrl-bcm2835", lambda pin: [(1, 5_000), (0, 3_785_000)])
    monkeypatch.setitem(sys.modules, "lgpio", lgpio)
    pins = PiBoard().pins()
    assert pins.echo_s(23, 24, 0.1) == pytest.approx(0.00378)
    assert [call for call in lgpio.calls if call[0] == "write"] == [("write", 23, 1), ("write", 23, 0)]
    assert ("free", 24) in lgpio.calls
    assert ("free", 23) not in lgpio.calls, "the trigger is held low between readings"
    lgpio.answer = lambda pin: [(1, 5_000)]
    assert pins.echo_s(23, 24, 0.01) is None, "a pulse that does not end is none"
    assert lgpio.calls.count(("out", 23)) == 1
    lgpio.level = 1
    with pytest.raises(OSError, match="GPIO 24 is high before the trigger"):
        pins.echo_s(23, 24, 0.01)


def test_pulses_of_a_dht22(monkeypatch: pytest.MonkeyPatch) -> None:
    edges = [(1, 1000), (0, 81_000), (1, 131_000), (0, 158_000), (1, 208_000), (0, 278_000), (1, 300_000)]
    monkeypatch.setitem(sys.modules, "lgpio", StandInLgpio("pinctrl-rp1", lambda pin: edges))
    assert PiBoard().pins().highs_us(4, 0.001, 0.001) == [80.0, 27.0, 70.0]
    assert highs_of([(0, 5), (1, 10), (1, 20), (0, 1020), (2, 9)]) == [1.0]


def test_pins_that_can_not_be_used_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", StandInLgpio("someone-else", lambda pin: []))
    with pytest.raises(ConfigurationError, match=r"no GPIO chip of a Raspberry Pi.*group gpio"):
        PiBoard().pins()
    monkeypatch.setitem(sys.modules, "lgpio", None)
    with pytest.raises(ConfigurationError, match="needs the package lgpio"):
        PiBoard().pins()


def test_lgpio_gets_a_folder_for_its_pipe_before_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LG_WD", "restored after the test")
    monkeypatch.delenv("LG_WD")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setitem(sys.modules, "lgpio", StandInLgpio("pinctrl-rp1", lambda pin: []))
    PiBoard().pins()
    assert os.environ["LG_WD"] == str(tmp_path / "run")
    assert (tmp_path / "run").is_dir()
    monkeypatch.setenv("LG_WD", "/somewhere/else")
    give_lgpio_a_folder()
    assert os.environ["LG_WD"] == "/somewhere/else", "a setting is left alone"
    monkeypatch.delenv("LG_WD")
    monkeypatch.delenv("RUNTIME_DIRECTORY")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    give_lgpio_a_folder()
    assert Path(os.environ["LG_WD"]).stat().st_mode & 0o077 == 0


# --- This machine: serial lines and files.


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    ours, theirs = os.openpty()
    yield ours, os.ttyname(theirs)
    for descriptor in (ours, theirs):
        os.close(descriptor)


def test_a_serial_line_is_raw_and_quiet_lines_time_out(line: tuple[int, str]) -> None:
    ours, path = line
    port = TermiosPort(path, 9600)
    assert port.read(10, 0.01) == b""
    os.write(ours, b"\xff\x03\x11\r\n\x04")
    assert port.read(64, 1.0) == b"\xff\x03\x11\r\n\x04", "nothing is translated, no key means anything"
    os.write(ours, b"old")
    port.discard()
    os.write(ours, b"new")
    assert port.read(64, 1.0) == b"new"
    port.reopen()
    os.write(ours, b"again")
    assert port.read(64, 1.0) == b"again"
    port.reopen()


def test_a_dongle_may_be_plugged_in_later(tmp_path: Path, line: tuple[int, str]) -> None:
    path = tmp_path / "ttyACM0"
    port = PiBoard().serial(str(path), 9600)
    with pytest.raises(FileNotFoundError):
        port.read(1, 0.01)
    path.symlink_to(line[1])
    os.write(line[0], b"$")
    assert port.read(1, 1.0) == b"$"
    port.reopen()


def test_a_line_that_is_hung_up_is_opened_again(tmp_path: Path, line: tuple[int, str]) -> None:
    path = tmp_path / "ttyUSB0"
    gone, their_side = os.openpty()
    path.symlink_to(os.ttyname(their_side))
    port = TermiosPort(str(path))
    os.write(gone, b"a")
    assert port.read(1, 1.0) == b"a"
    os.close(gone)
    os.close(their_side)
    with pytest.raises(OSError, match=r"hung up|Input/output"):
        port.read(1, 1.0)
    path.unlink()
    path.symlink_to(line[1])
    os.write(line[0], b"b")
    assert port.read(1, 1.0) == b"b"
    port.reopen()


def test_a_file_is_no_serial_line(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    with pytest.raises(OSError, match="ioctl"):
        TermiosPort(str(tmp_path / "plain")).discard()


def test_a_receiver_on_a_real_terminal_line(line: tuple[int, str]) -> None:
    ours, path = line
    gps = Gps(TermiosPort(path), path, timeout_s=2.0)
    receiver = SimGps(lambda: 0.0)
    timer = threading.Timer(0.05, lambda: os.write(ours, b"81,N,0,E*00\r\n" + receiver.say(5.0)))
    timer.start()
    got = gps.read()
    timer.join()
    assert got["latitude_deg"] == pytest.approx(51.5007, abs=1e-6)
    assert got["longitude_deg"] == pytest.approx(-0.1246, abs=1e-6)
    assert got["speed_m_s"] == pytest.approx(8.0, abs=0.001)


def test_files_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "sys/b").mkdir(parents=True)
    (tmp_path / "sys/a").write_text("21300\n")
    files = LocalFiles(tmp_path)
    assert list(files.names("/sys")) == ["a", "b"]
    assert list(files.names("/sys/a")) == []
    assert files.read("/sys/a") == "21300\n"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EREMOTEIO, "no acknowledgement"),
        (errno.ETIMEDOUT, "holds the bus low"),
        (errno.EACCES, "Permission denied"),
    ],
)
def test_what_is_said_of_a_failed_transfer(number: int, words: str) -> None:
    assert words in why(OSError(number, os.strerror(number)))
    assert why(OSError("odd")) == "odd"
