"""From decoded images to batches: ranges, sizes, random changes, and the order of training."""
