"""Lines that wait on the disk, of several processes at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ops_api.audit.core.model import Entry
from ops_api.audit.spool import FILE, Spool

KEEPERS, EACH = 4, 25


def entry(number: int) -> Entry:
    return Entry(
        at_us=number, actor_kind="staff", actor_id="a", roles="operations", via="session", action="POST /x",
        object=f"alarm:{number}", outcome="200", source="", request_id=str(number),
    )  # fmt: skip


def test_who_keeps_and_who_tells_lose_nothing_of_one_another(tmp_path: Path) -> None:
    """Each has the folder for itself, as processes have: the lock is the kernel's."""

    def keep(keeper: int) -> None:
        mine = Spool(tmp_path)
        for n in range(EACH):
            mine.keep(entry(keeper * EACH + n))

    told: list[int] = []
    teller = Spool(tmp_path)
    with ThreadPoolExecutor() as pool:
        keepers = [pool.submit(keep, k) for k in range(KEEPERS)]
        while not all(k.done() for k in keepers) or len(teller) > 0:
            if (first := teller.first()) is not None:
                told.append(first.at_us)
                teller.drop(first)
    for k in keepers:
        k.result()
    assert sorted(told) == list(range(KEEPERS * EACH))
    assert not (tmp_path / FILE).exists()


def test_a_line_that_another_has_dropped_takes_no_other_with_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.keep(entry(1))
    spool.keep(entry(2))
    spool.drop(entry(7))
    assert len(spool) == 2
    spool.drop(entry(1))
    assert spool.first() == entry(2)


def test_one_process_tells_and_the_other_waits(tmp_path: Path) -> None:
    with Spool(tmp_path).turn() as first, Spool(tmp_path).turn() as second:
        assert (first, second) == (True, False)
    with Spool(tmp_path).turn() as later:
        assert later is True
