"""What the kernel says of the box, read from sysfs and procfs below a root that tests replace."""
