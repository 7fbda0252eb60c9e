"""A run on the disk: what a checkpoint holds, what run it is of, and the weights."""
