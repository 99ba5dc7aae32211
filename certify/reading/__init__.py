"""From bytes to exact numbers: containers of tensors, the weights in them; nothing is run."""
