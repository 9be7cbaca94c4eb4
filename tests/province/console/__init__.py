"""Tests of province, console."""
