"""Tests of province, backup."""
