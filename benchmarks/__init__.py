"""Commands that measure speed, memory and scale, and print the figures: see benchmarks/README.md."""
