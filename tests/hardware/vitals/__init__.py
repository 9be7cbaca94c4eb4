"""Vitals, read from trees: one recorded, one written after the kernel's words."""
