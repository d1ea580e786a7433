"""Works a statement's file out again."""

from __future__ import annotations

from dataclasses import dataclass

from rules.core.bin_ledger.codec import FORMAT, Document, decode, differences, digest, encode
from rules.core.bin_ledger.making import Made, make


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check found.

    Attributes:
        document: the file.
        digest_holds: whether the inputs are those that the statement was made from.
        wrong: where its figures are not those of its inputs.
    """

    document: Document
    digest_holds: bool
    wrong: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything agrees."""
        return self.digest_holds and not self.wrong


def verify(data: bytes) -> Verified:
    """Return what the check of a file found.

    Raises:
        LedgerFileError: it is no statement.
    """
    found = decode(data)
    again = make(found.inputs, over=found.over)
    return Verified(
        found, digest(found.inputs) == found.digest, differences(found.statement, again.statement)
    )


def document(made: Made, *, made_at: str, by: str, over: bool) -> bytes:
    """Return a statement's file."""
    return encode(
        Document(
            format=FORMAT, made_at=made_at, by=by, over=over, digest=made.digest, statement=made.statement,
            inputs=made.facts.i,
        )
    )  # fmt: skip
