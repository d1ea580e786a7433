"""Who somebody is: accounts, passwords, second factors, passkeys, sessions of staff, keys of programs (docs/identity.md)."""
