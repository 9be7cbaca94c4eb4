"""Tests of province, floor."""
