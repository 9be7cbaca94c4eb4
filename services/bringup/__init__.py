"""Tries a real board out: tells hands what to do on the TV, writes ``BRINGUP.txt`` on the card."""
