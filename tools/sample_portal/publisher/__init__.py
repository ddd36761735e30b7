"""What happens to the data: what the publisher of a portal does to it."""
