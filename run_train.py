"""The same as `tfgan train`: python run_train.py --flagfile=facades.flags"""

import sys

from tfgan.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["train", *sys.argv[1:]]))
