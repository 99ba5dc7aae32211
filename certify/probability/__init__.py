"""The accuracy on random inputs: closed forms, cones, boxes, samples."""
