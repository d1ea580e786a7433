"""The bins' savings ledger beside the database: what it is made from, monthly statements that are kept."""
