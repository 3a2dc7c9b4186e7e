"""LINE plugs."""
