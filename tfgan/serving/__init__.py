"""An HTTP server of models: TensorFlow Serving's REST, files in and out, limits, batches, metrics. It knows no run and no TensorFlow."""
