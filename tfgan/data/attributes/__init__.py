"""Images with attributes: tables of them, what is learned of it, and its sources."""
