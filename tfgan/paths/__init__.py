"""Where the program writes: whole files and folders, what is never replaced, and names that become paths."""
