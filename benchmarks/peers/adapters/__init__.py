"""One small script per tool, run inside that tool's environment; see ``protocol``."""
