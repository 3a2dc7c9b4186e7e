"""Booking public facilities: what is free, for whom, from when, at what price; never twice."""
