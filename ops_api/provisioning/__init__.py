"""How devices come to be known: labels, claims, credentials, the broker's logins, copied identities (docs/provisioning.md)."""
