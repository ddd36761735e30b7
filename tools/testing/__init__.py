"""What tests start, ask and look at: browsers, servers, copies of the project."""
