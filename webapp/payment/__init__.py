"""Charges, payments and refunds: one ledger for every channel, integer yen only."""
