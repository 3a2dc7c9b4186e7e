"""What must be fast, measured as ratios in one run: ``python3 dev.py bench NAME``."""
