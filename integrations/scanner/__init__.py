"""Plugs that look for viruses in files."""
