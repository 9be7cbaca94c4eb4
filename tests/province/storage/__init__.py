"""Tests of province, storage."""
