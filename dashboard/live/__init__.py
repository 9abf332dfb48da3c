"""Live tables: rows with versions, and how a screen gets what changed since it last asked."""
