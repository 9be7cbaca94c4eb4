"""Tests of province, history."""
