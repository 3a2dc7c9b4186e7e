"""Payment providers that fit the socket in webapp.ports.payment."""
