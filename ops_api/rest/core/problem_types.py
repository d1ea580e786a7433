"""Kinds of errors that programs are told (RFC 9457), each with a page that says what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of error.

    Attributes:
        slug: last part of its address, which never changes.
        title: the same in every answer of this kind.
        means: what it says, for whoever writes a program.
        do: what to do about it.
    """

    slug: str
    title: str
    means: str
    do: str

    @property
    def address(self) -> str:
        """The ``type`` of answers: where its page is."""
        return f"/problems/{self.slug}"


_OF_STATUS: Mapping[int, ProblemType] = {
    400: ProblemType("bad-request", "Bad request", "The request cannot be read.", "Change it. Sending it again as it is gives the same."),
    401: ProblemType("sign-in", "Sign in first", "Who asks is not known, and this is not for everybody.", "Send a key: X-Api-Key, or Authorization: Bearer. People sign in on the pages."),
    403: ProblemType("not-allowed", "Not allowed", "Who asks is known and may not do this.", "Ask an administrator for the role, or for a key with the scope that the answer names."),
    404: ProblemType("not-found", "Not found", "There is nothing at this address, or nothing that this sender may know of.", "Check the name. Devices that stand in homes are reached by the home's code only."),
    405: ProblemType("method-not-allowed", "Method not allowed", "The address is there and takes other methods.", "Look at the Allow header and at /api/v1/openapi.json."),
    406: ProblemType("not-acceptable", "Not acceptable", "The answer cannot be given in the format asked for.", "Ask for another format; the answer says which there are."),
    409: ProblemType("conflict", "Conflict", "It does not go with how things are now: somebody was quicker, or the step is not due.", "Read it again, then decide anew."),
    412: ProblemType("changed-meanwhile", "Changed meanwhile", "It was changed since the entity tag of If-Match was given.", "Read it again and send the change with its new tag."),
    413: ProblemType("too-large", "Too large", "More was sent than is taken here.", "Send less at once; the answer says how much is taken."),
    422: ProblemType("invalid", "Not valid", "A parameter or the body is not what the document of the API says.", "The member errors names each of them. Nothing was done."),
    428: ProblemType("tag-needed", "Entity tag needed", "This is changed only by who says which state they saw.", "Send If-Match with the ETag of what you read."),
    429: ProblemType("too-many", "Too many requests", "More was asked for than one sender may have in this time.", "Wait as many seconds as Retry-After says."),
    500: ProblemType("broken", "Something went wrong", "It is our fault, and has been logged.", "Tell us the time and the address you asked for."),
    503: ProblemType("unavailable", "Not available now", "The database does not answer, or too much is asked of it.", "Ask again after as many seconds as Retry-After says."),
}  # fmt: skip
UNKNOWN_PARAMETER = ProblemType(
    "unknown-parameter", "Unknown parameter", "A parameter in the address is none of this route's. It is refused and not passed over: a filter with a typing error would give more than was asked for.",
    "Correct it. The answer names the parameter that may be meant.",
)  # fmt: skip
UNKNOWN_FIELD = ProblemType(
    "unknown-field", "Unknown field", "fields names something that the documents of this address do not have.", "Correct it; the answer names the fields there are.",
)  # fmt: skip
WRONG_CURSOR = ProblemType(
    "wrong-cursor", "Wrong cursor", "The cursor is none of ours, or of another question: it goes with the parameters it was given for.",
    "Begin again without a cursor, and follow the Link header with rel next as it is.",
)  # fmt: skip
HOUSEHOLDS = ProblemType(
    "households-only", "A household's own", "What homes measure is given to who lives there, and to nobody in bulk.", "Ask for another kind. Figures of wards are at /api/v1/housing/wards.",
)  # fmt: skip
TYPES: Mapping[str, ProblemType] = {
    one.slug: one
    for one in (*_OF_STATUS.values(), UNKNOWN_PARAMETER, UNKNOWN_FIELD, WRONG_CURSOR, HOUSEHOLDS)
}


def of_status(status: int) -> ProblemType:
    """Return the kind of an error that is known by its status alone."""
    return _OF_STATUS.get(status) or _OF_STATUS[500 if status >= 500 else 400]
