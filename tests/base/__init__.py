"""The base floor."""
