"""``python -m radnlp``: the command line."""

import sys

from radnlp.cli import main

if __name__ == "__main__":
    sys.exit(main())
