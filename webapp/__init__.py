"""madoguchi: the web counter of a municipality."""
