"""Tests of media, capture."""
