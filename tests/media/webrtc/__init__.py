"""Tests of media, webrtc."""
