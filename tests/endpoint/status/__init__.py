"""Tests of endpoint, status."""
