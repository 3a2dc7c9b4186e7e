"""What every screen shares: transaction, guards, errors, pages."""
