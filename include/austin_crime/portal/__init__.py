"""Whom we ask: the portal over HTTP, what it says of its months and columns, and the body of an answer."""
