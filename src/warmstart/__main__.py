"""`python -m warmstart`: the command, also under torchrun and `warmstart launch -m warmstart`."""

import os
import sys

# Python looks for modules in the current folder first, where a user's torch.py or datasets.py may lie.
if not sys.flags.safe_path and sys.path and os.path.abspath(sys.path[0]) == os.getcwd():
    del sys.path[0]

from warmstart.cli import main  # see above

main()
