"""`tfgan serve` as a process: what it says, what it refuses before TensorFlow is started, and how it ends."""

import http.client
import re
import signal
import threading
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

from tfgan.cli.main import main
from tfgan.config.verbs import ServeConfig
from tfgan.errors import UserError
from tfgan.faults import _without_token
from tfgan.runs.listening import find_token, name_runs, open_socket, warning

KEPT = str(Path(__file__).parents[1] / "kept_run" / "run")
SECRET = "0123456789-abcdefgh"


@pytest.mark.parametrize(
    "words, said",
    [
        ([], "Name a run"),
        (["nowhere"], "nowhere"),
        ([KEPT, KEPT], "Two runs are called run: give one of them another name, run2="),
        ([KEPT, f"run={KEPT}"], "Two runs are called run"),
        ([KEPT, "--checkpoint=3"], "3"),
        ([f"..={KEPT}"], "is not a run"),
        ([KEPT, "--host=0.0.0.0"], "need a token: set TFGAN_TOKEN"),
        ([KEPT, "--host=0.0.0.0", "--token=short"], "at least 16"),
        ([KEPT, "--token=with space in a long token"], "at least 16"),
        ([KEPT, "--token_file=/nowhere/at/all"], "/nowhere/at/all"),
        ([KEPT, "--token=" + SECRET, "--token_file=x"], "use one of them"),
        ([KEPT, "--host=192.0.2.1", "--token=" + SECRET], "no address of this machine"),
        ([KEPT, "--port=70000"], "--port=70000"),
        ([KEPT, "--timeout=0"], "--timeout=0"),
        ([KEPT, "--queue=0"], "--queue=0"),
    ],
)
def test_refused_before_tensorflow_is_started(words, said, capsys, monkeypatch):
    monkeypatch.delenv("TFGAN_TOKEN", raising=False)
    monkeypatch.setattr("tfgan.cli.serve.start_tensorflow", lambda: pytest.fail("too late"))
    assert main(["serve", *words]) == 2
    told = capsys.readouterr().err
    assert said in told and SECRET not in told and len(told.splitlines()) == 1


def test_a_port_that_is_taken(monkeypatch, capsys):
    with open_socket(ServeConfig(port=0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(UserError, match="--port=0 takes a free one"):
            open_socket(ServeConfig(port=port))


def test_names_of_runs(tmp_path):
    assert name_runs([KEPT, f"other={KEPT}", f"a.b-c={KEPT}"]) == {"run": KEPT, "other": KEPT, "a.b-c": KEPT}
    strange = tmp_path / "my run ü=1"
    strange.symlink_to(KEPT)
    assert list(name_runs([str(strange)])) == ["run"]


def test_where_the_token_comes_from(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    assert find_token(ServeConfig(), {}) == ""
    assert find_token(ServeConfig(), {"TFGAN_TOKEN": SECRET}) == SECRET
    assert find_token(ServeConfig(token=SECRET + "x"), {"TFGAN_TOKEN": SECRET}) == SECRET + "x"
    assert find_token(ServeConfig(token_file=str(file), host="0.0.0.0"), {}) == SECRET
    file.write_text("")
    with pytest.raises(UserError, match="is empty"):
        find_token(ServeConfig(token_file=str(file)), {})


def test_a_token_is_never_shown_whole():
    assert SECRET not in warning("0.0.0.0", SECRET) and "Nothing is encrypted" in warning("0.0.0.0", SECRET)
    assert warning("127.0.0.1", "") == ""
    assert _without_token(["serve", "--token=" + SECRET, "--token", SECRET, "-token", SECRET, "--token_file=x"]) == [
        *("serve", "--token=…", "--token", "…", "-token", "…", "--token_file=x")
    ]


@pytest.mark.slow
def test_a_signal_ends_it_once_what_runs_is_answered(start_tfgan):
    process = start_tfgan("serve", f"kept={KEPT}", "--port=0")
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if "http://" in line:
            break
    port = int(re.search(r"http://127.0.0.1:(\d+)", said[-1])[1])
    source = (Path(KEPT) / "samples" / "inputs" / "source_0.png").read_bytes()
    statuses, reading = [], threading.Barrier(9)

    def ask():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        reading.wait()
        connection.request("POST", "/translate", source)
        response = connection.getresponse()
        statuses.append((response.status, response.read()[:4]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    reading.wait()
    while "tfgan_requests_in_hand 0.0" in _figures(port) and len(statuses) < 8:
        pass
    process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(60)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and "The server has ended." in rest
    assert statuses and set(statuses) == {(200, b"\x89PNG")}


def _figures(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    return connection.getresponse().read().decode()
