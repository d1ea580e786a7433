"""The agent of a Raspberry Pi, as a process: what it costs, and what killing it loses."""
