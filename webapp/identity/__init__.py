"""Who someone is, proved how strongly, and what staff may do."""
