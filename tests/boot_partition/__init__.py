"""Tests of services/boot_partition."""
