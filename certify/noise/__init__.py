"""The ``noise`` claim: histories, branch and bound, attacks and exact leaves."""
