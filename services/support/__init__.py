"""Support grants of the IT centre, and the shell that a grant opens."""
