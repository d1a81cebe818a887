"""The entry of `python -m tfgan`, which is the command `tfgan`."""

import sys

from tfgan.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
