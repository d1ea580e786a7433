"""What a device is and says, and the agent that runs on it."""
