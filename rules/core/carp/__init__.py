"""Capacitated arc routing: which lorry treats which street, in which order and direction.

Everything here is pure: a problem in, a plan out; the clock is an argument. The streets are
known to ``instance``, ``matrix``, ``drive`` and ``verify`` only; the search works on arcs and a
matrix of costs between them, so that turns, one-way streets and several depots are matters of
the matrix. See ``docs/carp.md``.
"""
