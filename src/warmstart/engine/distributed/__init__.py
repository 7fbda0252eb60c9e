"""Several processes: what they tell each other, and who watches that all are there."""
