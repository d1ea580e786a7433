"""Composition of what REST needs of cases: the book, the law, the public key."""

from __future__ import annotations

from typing import BinaryIO

from cityops.settings import Settings
from ops_api.routers.context import Cases
from ops_api.wiring_evidence import pack_of_resident
from rules.catalogue.law_files import load_law
from rules.core.evidence.scope import Order
from rules.evidence.book import PostgresBook
from rules.evidence.keys import published
from rules.evidence.ports import Pack


def cases_on(settings: Settings) -> Cases:
    """Return the parts on the settings' database and data directory.

    Raises:
        ConfigurationError: the law's files can't be read.
    """
    law, days = load_law()

    def public_key() -> tuple[str, str] | None:
        key = published(settings.data_dir)
        return None if key is None else (key.pem, key.key_id)

    def pack(token: str, order: Order, out: BinaryIO) -> Pack:
        return pack_of_resident(settings, token, order, out)

    return Cases(book_on=PostgresBook, law=law, days=days, pack=pack, public_key=public_key)
