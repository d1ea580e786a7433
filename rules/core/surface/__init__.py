"""The coldest surface of a room: its temperature factor assumed or learned, its humidity as a band, condensation."""
