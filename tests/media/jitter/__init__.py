"""Tests of media, jitter."""
