"""`tfgan serve`: runs behind HTTP on this machine."""

import os

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import ServeConfig
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan serve RUN [RUN …] [--FLAGS]

Answers requests over HTTP on 127.0.0.1 with trained runs, until Ctrl-C or SIGTERM, which finishes what runs. NAME=RUN
gives a run another name than its folder's. / is a page for the browser, /docs lists all addresses: TensorFlow Serving's
(/v1/models/NAME:predict), POST /translate and /sample for files, /healthz, and /metrics for Prometheus. Other machines
can ask only with --host and a token, which is best in the variable TFGAN_TOKEN or in a file.

examples:
  tfgan serve runs/facades
  tfgan serve day=runs/a night=runs/b --port=0
  curl --data-binary @labels.png "http://127.0.0.1:8501/translate" -o photo.png"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add_record("serve", ServeConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    words = flags.parse(arguments, positional=None)
    settings = flags.record(ServeConfig)

    from tfgan.runs.listening import address, find_token, name_runs, open_socket, require_packages, warning

    require_packages()
    token, folders = find_token(settings, os.environ), name_runs(words, settings.checkpoint)
    listening = open_socket(settings)
    start_tensorflow()
    from tfgan.runs.opening import open_run
    from tfgan.runs.results.serving import make_serving

    runs = {name: open_run(folder, settings.checkpoint) for name, folder in folders.items()}
    serving = make_serving(runs, settings, token)
    for name, opened in runs.items():
        print(f"{name}: {opened.config.method} of {opened.folder} at step {opened.step}")
    if loud := warning(settings.host, token):
        print(loud)
    print(f"{address(listening)} (Ctrl-C ends it)", flush=True)
    serving.run(sockets=[listening])
    print("The server has ended." if not serving.force_exit else "The server was stopped before all requests were answered.")
    return 1 if serving.force_exit else 0
