"""Whether what lies in a folder is of it: in one that somebody else made, a link may lead to anything on this machine."""

import os
from pathlib import Path


def leads_outside(path: Path, folder: Path) -> bool:
    """Whether `path`, somewhere below `folder`, is or goes through a link to what is not in it; the folder itself may be a link."""
    home = os.path.realpath(folder)
    return not Path(os.path.realpath(path)).is_relative_to(home)
