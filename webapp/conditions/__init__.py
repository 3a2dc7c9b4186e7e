"""A small typed tree of conditions, checked when it is loaded; no expression language, no eval."""
