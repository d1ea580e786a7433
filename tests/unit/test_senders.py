"""How much one network may send in an hour."""

from __future__ import annotations

from ops_api import senders
from ops_api.senders import SenderLimit


def test_one_network_sends_so_much_in_any_hour() -> None:
    limit = SenderLimit(3)
    assert [limit.wait_s("192.0.2.1", at) for at in (0.0, 10.0, 20.0)] == [0.0] * 3
    assert limit.wait_s("192.0.2.1", 600.0) == 3000.0
    # What was refused is not counted, and others are not held.
    assert limit.wait_s("192.0.2.2", 600.0) == 0.0
    assert limit.wait_s("192.0.2.1", 3600.0) == 0.0
    assert limit.wait_s("192.0.2.1", 3605.0) == 5.0


def test_one_household_of_ipv6_is_one_network() -> None:
    limit = SenderLimit(1)
    assert limit.wait_s("2001:db8::1", 0.0) == 0.0
    assert limit.wait_s("2001:db8::ffff", 1.0) > 0.0
    assert limit.wait_s("2001:db8:0:1::1", 1.0) == 0.0


def test_only_so_many_networks_are_kept_in_mind() -> None:
    limit = SenderLimit(1)
    for n in range(senders.MOST + 1):
        assert limit.wait_s(f"198.18.{n // 256}.{n % 256}", 0.0) == 0.0
    assert limit.wait_s("198.18.0.0", 1.0) == 0.0  # forgotten
    assert limit.wait_s("198.18.39.16", 1.0) > 0.0
