"""What crosses the network, as frozen values."""
