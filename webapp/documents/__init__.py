"""Data and a typst template in, a tagged PDF out."""
