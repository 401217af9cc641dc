"""Published benchmarks as data, evaluated by what the checks found: controls, their state, and answers of people."""
