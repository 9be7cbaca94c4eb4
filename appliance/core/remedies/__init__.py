"""What is said of problems: whom to call, why there is no network, what cannot be one."""
