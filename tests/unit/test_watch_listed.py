"""The rules of the watch are listed and shown like any other, without a database."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from ops_api.cli import app
from rules.catalogue.watches import WATCH_FILES, load_watch


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> CliRunner:
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(tmp_path))
    return CliRunner()


def test_they_are_in_the_list_with_owner_and_reason(cli: CliRunner) -> None:
    said = cli.invoke(app, ["rules", "list"])
    assert said.exit_code == 0, said.output
    for rule in load_watch().by_id.values():
        assert f"{rule.id:<24} version {rule.version}" in said.output
        assert rule.reason in said.output


@pytest.mark.parametrize(("field", "file"), [(f, name) for f, (name, _) in WATCH_FILES.items()])
def test_each_is_shown_with_file_figures_and_source(cli: CliRunner, field: str, file: str) -> None:
    said = cli.invoke(app, ["rules", "show", getattr(load_watch(), field).id])
    assert said.exit_code == 0, said.output
    assert file in said.output
    assert "alarm.dwell.clear_after_s" in said.output
    assert getattr(load_watch(), field).source in said.output
