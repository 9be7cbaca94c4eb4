"""A far end's tracks: from packets to frames with a due time."""
