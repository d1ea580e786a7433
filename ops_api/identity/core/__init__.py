"""The rules of identity without clock, database or web: names, passwords, tries, keys, scopes, claims."""
