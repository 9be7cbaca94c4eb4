"""What crosses the network, read and written."""
