"""From rows to batches: tokens, which rows make which update, and the ways in."""
