"""Doors for machines: signed callbacks of payment and LINE."""
