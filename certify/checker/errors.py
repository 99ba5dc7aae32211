"""The two ways in which the checker says no."""

from __future__ import annotations


class Rejected(Exception):
    """A certificate that can be read but does not hold; the message names reason and place."""


class Unreadable(Exception):
    """A file that is not a certificate, or not a model, of a kind that this checker knows."""
