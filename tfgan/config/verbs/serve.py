"""The settings of `tfgan serve`."""

import dataclasses

from tfgan.config.setting import Settings, setting
from tfgan.config.verbs.which import CHECKPOINT
from tfgan.errors import UserError

TOKEN = "TFGAN_TOKEN"
"""Environment variable: the token of `tfgan serve`, which neither the command nor the list of processes shows."""


@dataclasses.dataclass(frozen=True)
class ServeConfig(Settings):
    """The settings of `tfgan serve`, which answers requests over HTTP with runs."""

    checkpoint: str = setting("last", CHECKPOINT, group="which")
    host: str = setting("127.0.0.1", "address to listen on; another one than this machine's own needs a token", group="where")
    port: int = setting(8501, "port, that of TensorFlow Serving; 0: a free one", at_least=0, at_most=65535, group="where")
    token: str = setting(
        "", f"what requests must bring (Authorization: Bearer TOKEN); empty: the variable {TOKEN}, or none on this machine", group="where"
    )
    token_file: str = setting("", "file that holds the token, which the list of processes then does not show", group="where", path=True)
    max_bytes: int = setting(2**25, "bytes of a request's body", at_least=1024, group="limits")
    max_pixels: int = setting(2**22, "pixels that a request reads or makes", at_least=1, group="limits")
    queue: int = setting(64, "requests in hand at a time; more are asked to come again", at_least=1, at_most=10_000, group="limits")
    timeout: float = setting(
        60.0, "seconds for a request's body to come, and for its answer", at_least=0.01, at_most=86_400.0, group="limits"
    )
    batch: int = setting(8, "images of one size that waiting requests may share a call for", at_least=1, at_most=256, group="limits")

    def __post_init__(self):
        super().__post_init__()
        if self.token and self.token_file:
            raise UserError("--token and --token_file both give the token: use one of them.")
