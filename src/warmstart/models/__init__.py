"""Pretrained models: the packaged default checkpoint, loading by name, a new head for a task."""
