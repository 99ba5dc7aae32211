"""Hypotheses: the sentences of a note, each proved or refuted (docs/hypotheses.md)."""
