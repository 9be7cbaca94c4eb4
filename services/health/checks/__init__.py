"""Many tiny checks, one file each: a name, something that is looked at, and what follows."""
