"""The agent that runs on a device: sampler, outbox, publisher, link."""
