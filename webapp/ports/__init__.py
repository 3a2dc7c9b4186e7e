"""Sockets: what the platform expects of the world outside."""
