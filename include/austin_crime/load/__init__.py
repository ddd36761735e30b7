"""The verbs of a load, in the order the data flows: plan, extract, clean, stage, settle, check, publish, refresh."""
