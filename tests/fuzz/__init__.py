"""Broken input by the thousand: only success or a UserError, in bounded time and memory. `python -m tests.fuzz`."""
