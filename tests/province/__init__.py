"""The province."""
