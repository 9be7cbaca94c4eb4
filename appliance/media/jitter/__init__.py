"""Jitter buffers: a far end's packets in order, with lost ones requested, on time. Pure."""
