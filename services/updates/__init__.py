"""Changes the box: a release by stick or from an address, support by a grant of the IT centre."""
