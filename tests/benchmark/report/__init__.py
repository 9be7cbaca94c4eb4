"""Tests of benchmark, report."""
