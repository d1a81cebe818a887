"""What a strategy of two replicas costs: one step of two replicas on the CPU's cores beside two steps of one replica, the same work.

python -m benchmarks.replicas [--workers]

Both replicas, or with --workers both processes of a cluster on this machine, take a batch of one image and hold all weights; what they do
beyond two steps of one replica is to exchange gradients and to wait for each other.
"""

import argparse
import json
import socket
import statistics
import time

from benchmarks.contestants import METHODS, Worker
from benchmarks.machine import describe
from benchmarks.train_step import PAUSE


def main(arguments=None):
    options = _parse(arguments)
    sizes = {"method": options.method, "image_size": options.image_size, "ngf": options.ngf}
    one = Worker(f"tfgan_{options.precision}", batch_size=1, **sizes)
    if options.workers:
        pair = [Worker(f"tfgan_{options.precision}", batch_size=2, environment=cluster, **sizes) for cluster in clusters(2)]
    else:
        pair = [Worker(f"tfgan_{options.precision}_replicas", batch_size=2, **sizes)]
    try:
        for together in ([one], pair):
            for worker in together:
                worker.build()
            for worker in together:
                worker.wait()
        seconds = {"one": [], "two": []}
        for _ in range(options.rounds):
            time.sleep(PAUSE)
            seconds["one"].append(2 * one.seconds_per_step(options.steps))
            time.sleep(PAUSE)
            for worker in pair:
                worker.begin(options.steps)
            seconds["two"].append(max(worker.end() for worker in pair) / options.steps)
    finally:
        for worker in [one, *pair]:
            worker.close()
    print(f"{describe(one.facts['device'])}; {one.facts['software']}.")
    print(f"{options.method}, {options.precision}, {options.image_size}²; {options.rounds} rounds of {options.steps} steps.\n")
    print(table(seconds, "two workers" if options.workers else "two replicas"))


def clusters(count: int) -> list[dict[str, str]]:
    """TF_CONFIG for each worker of a cluster on this machine."""
    holders = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{holder.getsockname()[1]}" for holder in holders]
    for holder in holders:
        holder.close()
    return [
        {"TF_CONFIG": json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})} for index in range(count)
    ]


def table(seconds: dict[str, list[float]], name: str) -> str:
    """Markdown: medians, and the median over rounds of the overhead."""
    overhead = statistics.median(two / one for one, two in zip(seconds["one"], seconds["two"])) - 1.0
    return "\n".join(
        [
            "| | seconds, median | overhead |",
            "|---|---:|---:|",
            f"| one replica, two steps of batch 1 | {statistics.median(seconds['one']):.3f} | |",
            f"| {name}, one step of batch 2 | {statistics.median(seconds['two']):.3f} | {overhead:+.0%} |",
        ]
    )


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", action="store_true", help="two processes of a cluster in the place of two replicas of one")
    parser.add_argument("--method", default="pix2pix", choices=METHODS, help="default: %(default)s")
    parser.add_argument("--precision", default="float32", choices=["float32", "bfloat16"], help="default: %(default)s")
    parser.add_argument("--image_size", type=int, default=256, help="height and width (default: %(default)s)")
    parser.add_argument("--ngf", type=int, default=64, help="filters of the networks' first convolution (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=6, help="turns (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=3, help="steps in a turn (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
