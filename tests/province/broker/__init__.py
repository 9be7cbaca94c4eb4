"""Tests of province, broker."""
