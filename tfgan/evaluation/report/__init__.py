"""One HTML file that tells a run, or compares several: settings, curves, sample pictures, validation cases, alarms.

A run's files become plain records (`records`), tables and curves (`settings`, `curves`), embedded pictures (`pictures`) and at last one
JSON object (`page`), which the page's script shows.
"""
