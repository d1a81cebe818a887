"""The setting that names a checkpoint, in all verbs that open a run."""

CHECKPOINT = "which checkpoint: last, best, or the number of a step"
