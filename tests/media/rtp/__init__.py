"""Tests of media, rtp."""
