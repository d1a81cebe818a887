"""From image files to arrays of pixels and back, for every verb alike."""
