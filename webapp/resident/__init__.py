"""Screens for residents."""
