"""Label maps: files of classes, found, read, checked and painted."""
