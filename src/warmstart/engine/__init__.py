"""The engine: one update and the loop of them, what makes it fast, and running a model over rows."""
