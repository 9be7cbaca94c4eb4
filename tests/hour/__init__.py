"""The hour of a box without a time server."""
