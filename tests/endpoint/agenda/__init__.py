"""Tests of endpoint, agenda."""
