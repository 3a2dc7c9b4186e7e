"""Facts to tell the outside, written in the same transaction as what happened."""
