"""Tests of the dialers: the pure parts alone, the whole against every far end."""
