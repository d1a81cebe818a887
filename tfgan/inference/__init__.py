"""Using trained networks: one path for samples, validation, translate and export."""
