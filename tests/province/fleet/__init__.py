"""Tests of province, fleet."""
