"""One dialer for each conference protocol: an address and our tracks go in, a call comes out."""
