"""Who may do what: one rule a route, declared in ``rules``, decided in ``model``, enforced in ``enforce``."""
