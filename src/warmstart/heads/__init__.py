"""What depends on the kind of a task: one file for each kind."""
