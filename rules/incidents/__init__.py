"""Incidents outside the core: where they are kept, and the service that proposes them."""
