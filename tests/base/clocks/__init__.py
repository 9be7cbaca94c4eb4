"""The clocks of a machine."""
