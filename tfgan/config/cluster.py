"""The cluster that a process belongs to, by the environment variable TF_CONFIG, which TensorFlow reads too."""

import json
import os
from typing import Any

from tfgan.errors import UserError, first_line

VARIABLE = "TF_CONFIG"


def read_cluster() -> dict[str, Any]:
    """What TF_CONFIG says: `cluster`, the addresses of each job, and `task`, the type and the index of this process; {} without a cluster.

    Raises:
        UserError: it is no JSON of this form.
    """
    text = os.environ.get(VARIABLE, "")
    try:
        found = json.loads(text or "{}")
        if not isinstance(found, dict):
            raise ValueError(f"it is {text[:60]}")
        if not found.get("cluster"):
            return {}
        jobs, task = found["cluster"], found["task"]
        if task["type"] not in jobs or not 0 <= int(task["index"]) < len(jobs[task["type"]]):
            raise ValueError(f"the task {task} is none of the cluster {jobs}")
        return {"cluster": dict(jobs), "task": {"type": task["type"], "index": int(task["index"])}}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else first_line(error)
        form = '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
        raise UserError(f"{VARIABLE} does not describe a cluster: {why[:200]}. It must look like {form}, or must not be set.") from None
