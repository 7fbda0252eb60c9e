"""How a task is worked out: what names mean, what columns hold, which are chosen, which kind, how labels encode."""
