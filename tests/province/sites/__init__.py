"""Tests of province, sites."""
