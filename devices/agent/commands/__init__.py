"""The commands of ``cityops-agent``, one module each, imported only when it is called.

Each has ``add_arguments(parser)`` and ``run(options) -> int``; ``options.config`` is the path of the
configuration file. A command that is not used costs a Pi no memory and no second.
"""

COMMANDS = {
    "run": "measure and send until stopped",
    "sensors": "find sensors (scan), read them (read)",
    "read": "read the configured sensors once",
    "check": "check the configuration file",
    "doctor": "find what is wrong with this device, and say the fix",
    "claim": "claim its name with the code on its label",
    "rotate": "make its next password or certificate",
    "update": "how updates stand: status, check, rollback",
    "forget": "forget the household (stop the agent first)",
}
"""What there is, with a line for the help, in the order in which it is shown."""
