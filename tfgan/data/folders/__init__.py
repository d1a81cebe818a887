"""Images in folders of the user's own: layouts, and a reader for each."""
