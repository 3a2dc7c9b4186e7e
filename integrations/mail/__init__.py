"""Mail plugs."""
