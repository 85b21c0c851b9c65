"""Speed, memory and scale, each measured by a command that prints its figures: see benchmarks/README.md."""
