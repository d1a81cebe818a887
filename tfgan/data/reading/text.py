"""Reads the text of tables that somebody else has written."""

from pathlib import Path

from tfgan.errors import UserError
from tfgan.paths.special import special


def read_text(path: Path, what: str, most: int) -> str:
    """The text of a table.

    Args:
        path: the file.
        what: what it holds, for messages: "the attributes".
        most: bytes that it may have.

    Raises:
        UserError: it cannot be read, is no text in UTF-8, or too large to be a table.
    """
    try:
        if other := special(path):
            raise UserError(f"cannot read {what} in {path}: it is {other}, not a file")
        with path.open("rb") as file:
            content = file.read(most + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read {what} in {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        place = f"line {content[: error.start].count(10) + 1}"
        raise UserError(f"cannot read {what} in {path}: {place} is not text in UTF-8; save the table as UTF-8") from None
    if len(content) > most:
        raise UserError(f"cannot read {what} in {path}: it is larger than {most >> 20} MiB; leave columns out of it")
    if "\0" in text:
        raise UserError(f"cannot read {what} in {path}: it holds null characters, which text does not")
    return text
