"""The only place that speaks Redis and files: key schema, append, commit, snapshot, tail, lease."""
