"""Tests of dialers, janus."""
