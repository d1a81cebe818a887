"""Networks of a run for other runtimes than TensorFlow, and the proof that they compute there what the run computes."""
