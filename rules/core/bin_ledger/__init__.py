"""The bins' savings ledger: what was driven and overflowed, beside what fixed days would have, from the same readings."""
