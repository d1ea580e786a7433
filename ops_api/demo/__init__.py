"""The whole product on one machine, for a look: ``cityops demo``."""
