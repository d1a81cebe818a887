"""Seconds to translate an image, pixels to pixels: tfgan beside PyTorch, taking turns in one run.

python -m benchmarks.translate [--method=cyclegan]
"""

from benchmarks import train_step


def main(arguments=None):
    train_step.main(arguments, "translate", __doc__)


if __name__ == "__main__":
    main()
