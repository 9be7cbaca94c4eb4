"""Tests of endpoint, call."""
