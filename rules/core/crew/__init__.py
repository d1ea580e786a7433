"""Where the lorries of today's rounds are: what is emptied, what was left and why, what comes next and when.

Pure. ``model`` is what is said of a lorry, ``known`` what is known of its bins and from whom, ``track`` what its
reports say, ``progress`` puts them together, ``taking_up`` is where the next plan takes it up. See ``docs/rounds.md``.
"""
