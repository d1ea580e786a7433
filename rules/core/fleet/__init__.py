"""The lorries of a whole night: which streets each treats, in what order, and where it loads salt.

Pure. ``settings``, ``jobs`` and ``lorries`` say what is asked for, ``planner`` plans, ``plan``
is the answer, ``verify`` recomputes it from the network alone. What is left of a night when a lorry
fails is ``rules.core.cab.going_on``'s. See ``docs/fleet.md``.
"""
