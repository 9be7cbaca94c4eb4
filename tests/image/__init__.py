"""Tests of the image: its units, its boot state, and the machine that boots it."""
