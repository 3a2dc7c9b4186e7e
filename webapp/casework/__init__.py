"""The case: one spine for applications, notifications, reports, requests and bookings."""
