"""Whatever a far end may send, against everything that reads it; `make fuzz` and a short test."""
