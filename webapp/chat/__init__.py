"""What the city answers in the chat and on the help page: search, deep links, never inventing."""
