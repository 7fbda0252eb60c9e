"""The encoder without padding: tokens of a batch end to end, only attention sees sequences."""
