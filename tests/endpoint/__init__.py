"""The endpoint program and its parts."""
