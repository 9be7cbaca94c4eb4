"""TLS to the servers of a site."""
