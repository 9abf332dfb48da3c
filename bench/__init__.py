"""The benchmarks of README's figures: `make bench`. Figures are ratios taken in one run, or counts; never a bare time."""
