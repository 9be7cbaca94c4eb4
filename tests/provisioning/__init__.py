"""Tests of what runs at the start of the machine."""
