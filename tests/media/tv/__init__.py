"""Tests of media, tv."""
