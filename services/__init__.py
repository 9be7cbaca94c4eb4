"""One folder for each running program."""
