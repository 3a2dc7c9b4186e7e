"""What is said to residents and staff, and on which channel."""
