"""Tests of province, ca."""
