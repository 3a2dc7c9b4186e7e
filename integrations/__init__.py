"""Plugs that fit the sockets in webapp.ports."""
