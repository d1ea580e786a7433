"""How many examples a property is tried with: few in every run, fifteen times as many in the long one."""

from __future__ import annotations

import os

from hypothesis import settings

TIMES = float(os.environ.get("CITYOPS_TEST_EXAMPLES", "1"))
"""``make test-long`` sets 15: properties that live a whole evening cost seconds each."""


USUAL = 40
"""Examples of a property that says nothing of them."""


def of(usual: int) -> int:
    """Return ``usual`` times ``CITYOPS_TEST_EXAMPLES``, at least 1."""
    return max(1, round(usual * TIMES))


def examples(usual: int) -> settings:
    """Return settings for ``usual`` examples of ``make test``, times ``CITYOPS_TEST_EXAMPLES``.

    Args:
        usual: examples of one run beside all other tests, at least 1.
    """
    return settings(max_examples=of(usual), deadline=None)
