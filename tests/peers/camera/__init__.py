"""A camera without hardware: fake_v4l2.c in front of the C library, and a program that uses it."""
