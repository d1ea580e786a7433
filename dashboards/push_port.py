"""What a push needs of a Grafana, and how it says that something can't be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cityops.errors import CityopsError

Document = Mapping[str, Any]
"""A board, rule, contact point or data source as the HTTP API has it."""


class PushError(CityopsError):
    """Grafana refused, failed or did not answer; the text says what to do."""


class Grafana(Protocol):
    """A running Grafana. Every method raises PushError; what is not there is None."""

    def folder(self, uid: str) -> Document | None:
        """Return a folder."""

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder at the top."""

    def board(self, uid: str) -> Document | None:
        """Return a board with its ``meta``."""

    def boards_in(self, folder_uid: str, tag: str) -> list[str]:
        """Return the uids of the boards in a folder that have a tag."""

    def save_board(self, board: Document, folder_uid: str, message: str) -> None:
        """Make a board, or a new version where nobody saved one since ``version``."""

    def delete_board(self, uid: str) -> None:
        """Remove a board."""

    def rules(self) -> list[Document]:
        """Return all alert rules."""

    def rule_group(self, folder_uid: str, title: str) -> Document | None:
        """Return a group of alert rules."""

    def save_rule_group(self, group: Document) -> None:
        """Make or replace a group of alert rules."""

    def delete_rule(self, uid: str) -> None:
        """Remove an alert rule."""

    def contact_points(self) -> list[Document]:
        """Return all contact points, a row for each integration."""

    def create_contact_point(self, point: Document) -> None:
        """Make an integration."""

    def update_contact_point(self, point: Document) -> None:
        """Replace an integration."""

    def delete_contact_point(self, uid: str) -> None:
        """Remove an integration."""

    def datasource(self, uid: str) -> Document | None:
        """Return a data source, without its secrets."""

    def create_datasource(self, source: Document) -> None:
        """Make a data source."""

    def update_datasource(self, source: Document) -> None:
        """Replace a data source."""
