"""Tests of endpoint, screen."""
