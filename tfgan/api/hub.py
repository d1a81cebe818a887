"""Runs on Hugging Face's hub: published, fetched, and loaded by name. Needs `pip install "tfgan[hub]"`.

tfgan.hub.push("runs/facades", "me/facades")
run = tfgan.hub.load("me/facades")
"""

from __future__ import annotations  # types of modules that are imported when they are needed

import contextlib
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tfgan.api.run import Run
from tfgan.api.run import load as load_run
from tfgan.errors import UserError, first_line
from tfgan.evaluation.report.card import is_own_card
from tfgan.extras import require
from tfgan.messages import show_messages
from tfgan.paths.files import is_there
from tfgan.paths.folders import files_in, new_folder
from tfgan.paths.home import cache
from tfgan.runs.publishing import HUB_CARD, WANTED, check_received, stage

if TYPE_CHECKING:
    from huggingface_hub import HfApi

logger = logging.getLogger(__name__)

NAME = re.compile(r"[\w.-]+/[\w.-]+")
UNFILLED = b"license: unknown"


def push(
    run: str | Path | Run,
    name: str,
    *,
    private: bool = True,
    checkpoint: str | int = "last",
    samples: bool = True,
    message: str = "",
    token: str | None = None,
    endpoint: str | None = None,
) -> str:
    """Publishes a run: one checkpoint, its settings, logs and card, and samples. A line says what was sent.

    Paths of this machine are shortened to their last part. Names of the data's files, logs of TensorBoard, and pictures of evaluations
    are not sent. What an earlier push left there is replaced; a card that somebody has written in on the hub stays.

    Args:
        run: a run, or its folder. If somebody has filled in its MODEL_CARD.md (`tfgan report --card`), that is its card.
        name: of the repository, "user/name", which is made if it is not there.
        private: whether only you can see it; False publishes it to everybody.
        checkpoint: "last", "best", or the number of a step.
        samples: the sample picture of the card too, and the inputs that exports are compared with. They show images of the data.
        message: of the commit.
        token: of the hub; None: that of `hf auth login`, or the variable HF_TOKEN.
        endpoint: address of another hub than huggingface.co.

    Returns:
        The address of the repository.

    Raises:
        UserError: no such run or checkpoint; a repository that is public where `private` is asked for; what the hub refuses.
    """
    show_messages()
    folder = run.folder if isinstance(run, Run) else Path(run).expanduser()
    api = _api(name, token, endpoint)
    with tempfile.TemporaryDirectory(prefix="tfgan-") as place:
        part = Path(place)
        stage(folder, part, str(checkpoint), samples)
        with _hub_words(name):
            url = api.create_repo(name, private=private, exist_ok=True)
            if private and not api.model_info(name).private:
                raise UserError(f"{name} is public: everybody could see the run. If they may, say private=False.")
            if _is_edited(api, name):
                logger.warning(f"The card of {name} was written in on the hub: it stays as it is.")
                (part / HUB_CARD).unlink()
            elif UNFILLED in (part / HUB_CARD).read_bytes():
                logger.warning(f"The card says no license: `tfgan report {folder} --card` writes it to be filled in; push it again then.")
            files = files_in(part)
            size = sum((part / file).stat().st_size for file in files)
            pictures = sum(file.startswith("samples/") for file in files)
            said = message or f"A run of tfgan, {next(file for file in files if file.endswith('.index'))}"
            api.upload_folder(repo_id=name, folder_path=part, commit_message=said, delete_patterns=["checkpoints/*", "samples/*"])
    shown = f", {pictures} of them pictures of the data or made of it" if pictures else ""
    logger.info(f"{len(files)} files, {size / 1e6:.1f} MB{shown}, are at {url}, {'for you alone' if private else 'for everybody'}.")
    return str(url)


def pull(name: str, folder: str | Path = "", *, revision: str | None = None, token: str | None = None, endpoint: str | None = None) -> Path:
    """Fetches a run into a new folder, and checks it as any run that was received.

    Args:
        name: of the repository, "user/name".
        folder: the folder, which is not there yet; by default runs/NAME.
        revision: a branch, a tag or a commit; None: the newest.
        token: as for `push`.
        endpoint: as for `push`.

    Returns:
        The folder.

    Raises:
        UserError: no such repository, no run in it, or one that is damaged; a folder that is there.
        OutputError: the folder cannot be written.
    """
    show_messages()
    path = Path(folder).expanduser() if folder else Path("runs") / name.rpartition("/")[2]
    if is_there(path):
        raise UserError(f"{path} exists, and is left as it is: name another folder, or use `tfgan.load` for a run that was fetched before.")
    _fetch(name, path, revision, _api(name, token, endpoint))
    return path


def load(
    name: str, checkpoint: str | int = "last", *, revision: str | None = None, token: str | None = None, endpoint: str | None = None
) -> Run:
    """Opens a run by its name on the hub. It is fetched once, and kept in the cache (~/.cache/tfgan/hub, or below $XDG_CACHE_HOME).

    Args:
        name: as for `pull`.
        checkpoint: as for `tfgan.load`.
        revision: as for `pull`.
        token: as for `push`.
        endpoint: as for `push`.

    Raises:
        UserError: no such repository, no run in it, or one that is damaged.
    """
    api = _api(name, token, endpoint)
    with _hub_words(name):
        commit = api.model_info(name, revision=revision).sha or ""
    path = cache() / "hub" / name.replace("/", "--") / re.sub(r"\W", "", commit)
    if not is_there(path):
        _fetch(name, path, commit, api)
    return load_run(path, checkpoint)


def _fetch(name: str, path: Path, revision: str | None, api: HfApi):
    with new_folder(path) as part:
        with _hub_words(name):
            api.snapshot_download(name, revision=revision, local_dir=part, allow_patterns=list(WANTED))
        shutil.rmtree(part / ".cache", ignore_errors=True)  # what the client notes of its downloads
        check_received(part, name)


def _api(name: str, token: str | None, endpoint: str | None) -> HfApi:
    require("tfgan.hub", ["huggingface_hub"], "hub")
    if not NAME.fullmatch(name):
        raise UserError(f'{name!r} is no name of a repository, which has the form "user/name".')
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint, token=token, library_name="tfgan")


def _is_edited(api: HfApi, name: str) -> bool:
    """Whether the repository has a card that is not as this program wrote it; one that says nothing, as a new one has, counts as none."""
    if not api.file_exists(name, HUB_CARD):
        return False
    with tempfile.TemporaryDirectory(prefix="tfgan-") as place:
        content = Path(api.hf_hub_download(name, HUB_CARD, local_dir=place)).read_bytes()
    return bool(content.strip()) and not is_own_card(content)


@contextlib.contextmanager
def _hub_words(name: str) -> Iterator[None]:
    """A context in which what the hub's client raises becomes a `UserError` in a line."""
    import httpx2
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        LocalTokenNotFoundError,
        RepositoryNotFoundError,
    )

    try:
        yield
    except RepositoryNotFoundError:
        raise UserError(f"{name} is not on the hub, or not for you: look at its name, and sign in with `hf auth login`.") from None
    except LocalTokenNotFoundError:
        raise UserError("the hub does not know you: `hf auth login`, or token=…") from None
    except (HfHubHTTPError, HFValidationError) as error:
        raise UserError(f"{name}: the hub refuses: {first_line(error)}.") from None
    except LocalEntryNotFoundError as error:  # what it raises where nothing is fetched yet, whatever went wrong
        raise UserError(f"{name}: the hub cannot be reached: {first_line(error.__cause__ or error)}.") from None
    except (httpx2.HTTPError, ConnectionError) as error:
        raise UserError(f"{name}: the hub cannot be reached: {first_line(error)}.") from None
