"""Network builders: functions of sizes and widths that return Keras models."""
