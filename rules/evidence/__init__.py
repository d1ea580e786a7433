"""The household's case and its evidence: what is written down, packs that can be checked, reminders.

``ports`` says what is needed of the outside; ``book`` and ``source`` are PostgreSQL, ``memory_book`` and
``memory_source`` their twins; ``packing`` and ``unpacking`` write and check packs; the words and figures are
in ``rules.core.evidence`` and ``rules.core.legal_clock``.
"""
