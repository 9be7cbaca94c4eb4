"""Tests of province, schedule."""
