"""What the portal serves: its datasets, and the reports that are invented or read from a file."""
