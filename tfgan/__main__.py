"""The entry of `python -m tfgan`, which is the command `tfgan`."""

from tfgan.cli.main import command

if __name__ == "__main__":
    command()
