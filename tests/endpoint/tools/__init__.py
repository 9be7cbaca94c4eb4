"""Tests of endpoint, tools."""
