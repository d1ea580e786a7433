"""Commands of ``cityops-agent``: one module each, with ``add_arguments(parser)`` and ``run(options)``."""
