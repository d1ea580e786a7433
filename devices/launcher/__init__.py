"""What starts the agent and stays when it is changed: copied to the device once, with the card."""
