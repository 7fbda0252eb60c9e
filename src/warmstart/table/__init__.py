"""From what the user names to rows that can be trusted: sources, columns, the task, checks, splits. No torch."""
