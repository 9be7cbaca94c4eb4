"""Tests of the media engine, with real peers."""
