"""The `Trainer` with the surface of `transformers.Trainer`, its arguments and callbacks."""
