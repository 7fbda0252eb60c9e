"""`python -m warmstart`: the command, also under torchrun and `warmstart launch -m warmstart`."""

from warmstart.cli import main

main()
