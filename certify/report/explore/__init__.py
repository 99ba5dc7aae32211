"""A page in which one sees the theorem: one file, no network, for any browser."""
