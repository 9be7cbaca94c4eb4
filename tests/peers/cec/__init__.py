"""A TV of the kernel's own: vivid's pair of CEC adapters in a small guest, played by v4l-utils."""
