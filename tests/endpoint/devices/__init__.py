"""Tests of endpoint, devices."""
