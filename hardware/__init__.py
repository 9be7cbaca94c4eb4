"""The box: real down to the wire, which alone is replaced on a laptop."""
