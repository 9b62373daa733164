"""``python -m hebe``: the command line."""

import sys

from hebe.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
