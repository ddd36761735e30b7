"""The public edition: a static page of what was published last, with its tables, descriptor and receipt to take away."""
