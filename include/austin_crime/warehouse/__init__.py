"""The PostgreSQL database: sessions, migrations, the schema staging, the slot, what a load records about itself."""
