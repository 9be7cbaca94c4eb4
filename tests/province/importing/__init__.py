"""Tests of province, importing."""
