"""Thought without hands: no I/O, no asyncio, no clock."""
