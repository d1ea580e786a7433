"""A simulated quarter of bins in the database, as if it had been: for showing the ledger. Marked as simulated everywhere."""
