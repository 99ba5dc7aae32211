"""The ``impulse`` claim: the exact sweep of cells, offsets, enclosures and the float32 program."""
