"""Tonight's lorries: the plan made of the orders that stand, its cards, and where the lorries are on it.

Pure. ``tonight`` says what is asked for, ``making`` plans it, ``model`` is what is kept of it;
``turns`` and ``card`` are what a driver reads, ``match`` and ``progress`` where a lorry is, ``going_on``
what is left when one fails. See ``docs/cab.md``.
"""
