"""What is settled before a training starts: the method that fits the data, the plan, the run's folder and its lock."""
