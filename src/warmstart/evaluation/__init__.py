"""How good a model is: its predictions, their metrics, what simpler models reach, and how sure the numbers are."""
