"""Tests of media, receive."""
