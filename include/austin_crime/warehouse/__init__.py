"""Where rows live: sessions, the slot for one load at a time, migrations, the data dictionary."""
