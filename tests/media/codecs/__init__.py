"""Tests of media, codecs."""
