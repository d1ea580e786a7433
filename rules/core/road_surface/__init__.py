"""How cold roads get, and what freezes on them: a column of ground under each, and the weather above.

A run goes through the observed hours (``model.through_observed``), takes what the model lacked there
(``model.correction``) into the forecast (``model.forecast``), for one weather or for the members of an ensemble
(``ensemble.risk``). Everything is arrays: members × segments, each column by itself. docs/road-model.md has equations and sources.
"""
