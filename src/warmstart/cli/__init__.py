"""The command `warmstart`: one file a command; each parses, delegates and shows."""

from warmstart.cli.app import main

__all__ = ["main"]
