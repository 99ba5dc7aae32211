"""Inputs of length 2 and 3: all cells, and their solid angles."""
