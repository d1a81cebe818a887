"""Asks `tfgan serve` many requests at a time, some of them hostile, beside the bare SavedModel of the run, which has no HTTP and no limits.

python -m benchmarks.serve runs/quickstart --requests=10000 --clients=32

The clients are threads of this process on the same machine: what they take of its cores, the server lacks.
"""

import argparse
import base64
import http.client
import itertools
import json
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.contestants import ROOT
from benchmarks.machine import describe

HOSTILE = 0.1  # of the requests
SAMPLES = 20  # of the server's memory
FLAT = 1.1  # times as much memory at the end as after a fifth of the requests, at most
SLACK = 50e6  # bytes, on top
BARE = 300  # calls of the SavedModel
JSON = {"Content-Type": "application/json"}


class Asked(NamedTuple):
    """A request, and the statuses that are right for it."""

    kind: str
    path: str
    body: bytes
    headers: dict[str, str]
    right: tuple[int, ...] = (200,)


class Answer(NamedTuple):
    kind: str
    seconds: float
    status: int  # 0: the connection broke
    right: bool


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run that translates, with samples/inputs")
    parser.add_argument("--requests", type=int, default=10_000, help="(default: %(default)s)")
    parser.add_argument("--clients", type=int, default=32, help="that ask at a time (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the requests (default: %(default)s)")
    options = parser.parse_args(arguments)
    image = next(iter(sorted((options.run / "samples" / "inputs").glob("source_*.png"))))
    bare = measure_bare(options.run, image.read_bytes())
    load = Load(options.run, image.read_bytes(), random.Random(options.seed))
    try:
        answers, seconds = load.ask(options.requests, options.clients)
        code = load.end()
    finally:
        load.process.kill()
    print(f"{describe()}; {len(answers):,} requests, {options.clients} at a time, in {seconds:.1f} s.\n")
    print(table(answers, seconds, bare))
    wrong = [answer for answer in answers if not answer.right]
    print(f"\n{describe_memory(load.memory)}; SIGTERM in the midst of requests: exit code {code}, {load.unanswered} of them unanswered.")
    if wrong:
        print("wrong: " + ", ".join(f"{count} × {kind} {status}" for (kind, status), count in Counter(a[0::2][:2] for a in wrong).items()))
    if wrong or code or load.unanswered or not is_flat(load.memory):
        raise SystemExit(1)


def measure_bare(run: Path, content: bytes) -> list[float]:
    """Seconds of calls of `serve_bytes` in the run's SavedModel, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "tfgan", "export", run, f"--output={folder}/export"], cwd=ROOT, check=True, capture_output=True
        )
        import tensorflow as tf

        model = tf.saved_model.load(f"{folder}/export")
        serve, given = model.signatures["serve_bytes"], tf.constant([content])
        times = []
        for _ in range(BARE + 10):
            began = time.perf_counter()
            serve(image_bytes=given)["image_bytes"].numpy()
            times.append(time.perf_counter() - began)
    return times[10:]  # the first ones allocate


class Load:
    """A server process, and what is asked of it.

    Attributes:
        memory: bytes of the process, of `SAMPLES` moments.
        unanswered: requests without an answer when the server was told to end.
    """

    def __init__(self, run: Path, content: bytes, rng: random.Random):
        command = [sys.executable, "-m", "tfgan", "serve", f"run={run.resolve()}", "--port=0", "--queue=64"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self.process.stdout is not None
        said = next((line for line in self.process.stdout if "http://" in line), "")
        self.port = int(re.search(r":(\d+)", said[said.index("http") + 5 :])[1])  # type: ignore[index]
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.memory: list[float] = []
        self.unanswered = 0
        self._rng, self._good, self._hostile = rng, good_requests(content), hostile_requests()
        self._first: dict[str, bytes] = {}

    def ask(self, count: int, clients: int) -> tuple[list[Answer], float]:
        """Asks so many requests; returns the answers, and the seconds for all of them."""
        lists = self._good, self._hostile
        chosen = iter([self._rng.choice(lists[self._rng.random() < HOSTILE]) for _ in range(count)])
        answers: list[Answer] = []
        lock, done = threading.Lock(), itertools.count(1)

        def client():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            while True:
                with lock:
                    asked = next(chosen, None)
                if asked is None:
                    return
                answers.append(self._once(connection, asked))
                if next(done) % max(count // SAMPLES, 1) == 0:
                    self.memory.append(resident(self.process.pid))

        began = time.perf_counter()
        threads = [threading.Thread(target=client) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers, time.perf_counter() - began

    def _once(self, connection: http.client.HTTPConnection, asked: Asked) -> Answer:
        began = time.perf_counter()
        try:
            connection.request("POST", asked.path, asked.body, asked.headers)
            response = connection.getresponse()
            status, content = response.status, response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            status, content = 0, b""
        seconds = time.perf_counter() - began
        right = status in asked.right
        if status == 200:
            right = right and content == self._first.setdefault(asked.kind, content)  # the same image has the same result
        return Answer(asked.kind, seconds, status, right)

    def end(self) -> int:
        """Tells the server to end while it has requests in hand; returns its exit code."""
        answers: list[Answer] = []

        def client():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            connection.connect()
            ready.wait()
            answers.append(self._once(connection, self._good[0]))

        ready = threading.Barrier(17)
        threads = [threading.Thread(target=client) for _ in range(16)]
        for thread in threads:
            thread.start()
        ready.wait()
        while resident_requests(self.port) < 1 and any(thread.is_alive() for thread in threads):
            time.sleep(0.001)
        time.sleep(0.05)  # all of them are read
        self.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        self.unanswered = sum(answer.status != 200 for answer in answers)
        return self.process.wait(120)


def resident_requests(port: int) -> float:
    """The requests in hand, as the server counts them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return float(re.search(r"^tfgan_requests_in_hand (\S+)$", text, re.MULTILINE)[1])  # type: ignore[index]


def good_requests(content: bytes) -> list[Asked]:
    """The run's own input as a file, as bytes in JSON, and as numbers in JSON; the first is asked most."""
    import io

    from PIL import Image

    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    encoded = {"signature_name": "serve_bytes", "instances": [{"b64": base64.b64encode(content).decode()}]}
    numbers = {"instances": pixels[None].tolist()}
    predict = "/v1/models/run:predict"
    file = Asked("/translate, a file", "/translate", content, {"Content-Type": "image/png"})
    return [
        *(file, file),
        Asked(":predict, bytes", predict, json.dumps(encoded).encode(), JSON),
        Asked(":predict, numbers", predict, json.dumps(numbers).encode(), JSON),
    ]


def hostile_requests() -> list[Asked]:
    """Requests that must be refused, each by the status that says why."""
    predict, translate = "/v1/models/run:predict", "/translate"
    bomb = {"signature_name": "serve_bytes", "instances": [{"b64": base64.b64encode(claim(40_000, 40_000)).decode()}]}
    asked = [
        (translate, b"junk", {}, 415),
        (translate, b"", {}, 400),
        (translate, claim(40_000, 40_000), {}, 413),
        (translate, claim(64, 64), {}, 400),
        (translate + "?size=16384", claim(64, 64), {}, 400),
        (translate, b"--x\r\njunk", {"Content-Type": "multipart/form-data; boundary=x"}, 400),
        (translate, b"x", {"Host": "evil.example"}, 403),
        (translate, b"x", {"Origin": "http://evil.example"}, 403),
        (predict, json.dumps(bomb).encode(), JSON, 413),
        (predict, b"[" * 50_000, JSON, 400),
        (predict, b'{"instances": NaN}', JSON, 400),
        (predict, b'{"instances": [[[[1, 2]]]]}', JSON, 400),
        (predict, b'{"instances": [[[[1, 2, 1' + b"0" * 5000 + b"]]]]}", JSON, 400),
        (predict, b'{"inputs": ' + json.dumps([[[[0, 0, 0]] * 2100] * 1]).encode()[:-1] + b"]", JSON, 400),
        ("/v1/models/none:predict", b"{}", JSON, 404),
        ("/nothing", b"x" * 100_000, {}, 404),
    ]
    return [Asked("hostile", path, body, headers, (status,)) for path, body, headers, status in asked]


def claim(width: int, height: int) -> bytes:
    """A PNG of some bytes that claims any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def resident(process: int) -> float:
    """The bytes of memory that a process has, as Linux tells them."""
    text = Path(f"/proc/{process}/status").read_text()
    return float(re.search(r"VmRSS:\s+(\d+)", text)[1]) * 1024  # type: ignore[index]


def is_flat(memory: list[float]) -> bool:
    """Whether the memory at the end is no more than that after a fifth of the requests, but for what an allocator keeps."""
    return not memory or memory[-1] <= FLAT * memory[len(memory) // 5] + SLACK


def describe_memory(memory: list[float]) -> str:
    if not memory:
        return "Too few requests to look at memory"
    shown = memory[len(memory) // 5], max(memory), memory[-1]
    words = "Memory after a fifth {:.2f} GB, at most {:.2f} GB, at the end {:.2f} GB".format(*(value / 1e9 for value in shown))
    return f"{words}: {'flat' if is_flat(memory) else 'GROWING'}"


def lines(answers: list[Answer], seconds: float, bare: list[float]) -> Iterator[tuple[str, int, float, list[float], str]]:
    """Label, count, requests a second, times, and what came out."""
    by_kind = defaultdict(list)
    for answer in answers:
        by_kind[answer.kind].append(answer)
    good = [answer for answer in answers if answer.kind != "hostile"]
    for kind, found in [("images", good), *sorted(by_kind.items())]:
        right = sum(answer.right for answer in found)
        yield kind, len(found), len(found) / seconds, [answer.seconds for answer in found], f"{right} of {len(found)}"
    yield "bare SavedModel, one after the other", len(bare), len(bare) / sum(bare), bare, ""


def table(answers: list[Answer], seconds: float, bare: list[float]) -> str:
    rows = ["| | requests | a second | p50 ms | p99 ms | right |", "|---|---:|---:|---:|---:|---:|"]
    for label, count, rate, times, right in lines(answers, seconds, bare):
        p50, p99 = (1e3 * np.percentile(times, q) for q in (50, 99)) if times else (0, 0)
        rows.append(f"| {label} | {count:,} | {rate:.1f} | {p50:.1f} | {p99:.1f} | {right} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
