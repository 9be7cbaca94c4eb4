"""Tests of benchmark, loss."""
