"""Linear bounds (backward, as in CROWN) with an account of their rounding, and proof by cases."""
