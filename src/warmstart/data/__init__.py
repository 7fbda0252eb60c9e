"""From the user's table to batches: sources, task, checks, splits, tokens, batches, feeds."""
