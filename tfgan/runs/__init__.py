"""What is done with runs: they are trained, opened again, and make images, which are measured. The command line stands on this."""
