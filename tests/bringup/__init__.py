"""The bring-up of a board: lines, steps, pages, probes, a whole start."""
