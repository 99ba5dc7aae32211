"""Inputs of length 4 to 6: simplicial cones, bounded and cut."""
