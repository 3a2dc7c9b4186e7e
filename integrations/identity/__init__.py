"""Plugs for proof of identity, and the card simulator that stands in for the provider."""
