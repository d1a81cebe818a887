"""The same as `tfgan train`: python run_train.py --flagfile=facades.flags"""

import sys

from tfgan.cli.main import command

if __name__ == "__main__":
    command(["train", *sys.argv[1:]])
