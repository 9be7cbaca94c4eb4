"""What outputs of commands come to: pure functions from text and what was seen to a line's word."""
