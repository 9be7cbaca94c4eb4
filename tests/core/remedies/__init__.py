"""The health program: checks on trees, alarms, the reporter and a real broker."""
