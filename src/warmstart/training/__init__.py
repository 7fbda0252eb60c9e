"""The training engine: from arguments and batches to updates, checkpoints and a trained model."""
