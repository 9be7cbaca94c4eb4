"""Far ends that mean no good, in one fast loop with a whole endpoint."""
