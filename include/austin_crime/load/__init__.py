"""The parts of a load, in the order of the data: plan, extract, clean, stage, settle, check, publish, refresh."""
