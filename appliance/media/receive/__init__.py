"""From the far end's packets to frames with a due time."""
