"""The flavour for a Pi 5."""
