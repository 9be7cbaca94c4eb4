"""The tree of sites, groups of them, their labels and site files."""
