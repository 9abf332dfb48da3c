"""The gateway: sockets. It frames bytes, lets a source decode them, and answers only when what they said is on disk."""
