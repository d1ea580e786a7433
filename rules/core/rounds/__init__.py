"""The lorries' rounds of a day: which bins are emptied, by which lorry, in what order, and where it unloads.

Pure. ``model`` and ``plan`` are the words, ``travel`` the ways on the town's streets, ``planner`` the port with two
planners behind it, ``verify`` recomputes a plan from the network alone. See ``docs/rounds.md``.
"""
