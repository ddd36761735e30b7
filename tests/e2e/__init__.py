"""The whole stack and a browser; a package, so that both end with the last of these tests."""
