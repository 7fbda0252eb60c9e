"""A run from a recipe: train, plan, prove, evaluate, and open it again."""
