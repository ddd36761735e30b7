"""Drop and warm Superset's cache after a load; a failure warns and never fails a published load."""
