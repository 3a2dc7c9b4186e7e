"""Plugs that keep files."""
