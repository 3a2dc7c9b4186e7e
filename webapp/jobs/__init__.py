"""What the worker runs: the relay loop and the clockwork."""
