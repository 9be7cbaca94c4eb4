"""The boot partition of the card: what a Pi's own boot loader reads, and how it is renewed."""
