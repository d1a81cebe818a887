"""Converters without the lines that their C++ code writes to the standard error stream whatever comes of the work."""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

USUAL = re.compile(r"[IWE]\d{4} .*(\.cc|\.h):\d+\] |fully_quantize: |INFO: Created TensorFlow Lite |WARNING: All log messages before absl")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """A context whose lines on file descriptor 2 are shown at its end, but for the usual ones; all of them, if it fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        before, usual = os.dup(2), True
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            usual = False
            raise
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
            kept.seek(0)
            for line in kept.read().decode(errors="replace").splitlines():
                if not usual or (line.strip() and not USUAL.match(line)):
                    print(line, file=sys.stderr)
