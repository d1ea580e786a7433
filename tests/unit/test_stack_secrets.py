"""The secrets of a service of the stack as a test gives them: whole at every moment."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.stack import bring


def test_what_is_as_it_was_is_left_alone_and_what_is_new_is_brought(tmp_path: Path) -> None:
    """The broker reads its certificate while its health is asked for the first time."""
    source, target = tmp_path / "mqtt_server_crt", tmp_path / "run"
    source.write_text("one")
    bring(source, target)
    written = target.stat().st_mtime_ns
    bring(source, target)
    assert target.stat().st_mtime_ns == written
    source.write_text("two")
    inode = target.stat().st_ino
    bring(source, target)
    assert target.read_text() == "two"
    assert target.stat().st_ino == inode, "whose file it is stays"
