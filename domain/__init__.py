"""Pure rules: facts, states, folds, life cycle, indicators, geometry, clocks. No I/O, no Redis, no Dash."""
