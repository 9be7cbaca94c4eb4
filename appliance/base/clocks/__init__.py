"""The two clocks of a machine: the kernel's, and one that runs without power."""
