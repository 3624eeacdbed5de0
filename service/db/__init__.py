"""PostgreSQL: the pool and its transactions, migrations, and a server from a wheel."""
