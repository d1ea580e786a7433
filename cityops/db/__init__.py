"""PostgreSQL: pool, migrations, notifications, named queries."""
