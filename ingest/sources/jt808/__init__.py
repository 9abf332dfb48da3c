"""JT/T 808, editions 2011, 2013 and 2019 (domain reference D2): terminals over TCP.

bytes → `frames.split` → frames → `message.parse` → messages → `parts` (sub-packages) → `facts.decode` → facts.
`session.Session` does all of it for one connection and says what to answer. `encode` is the terminal's side of the talk.
"""
