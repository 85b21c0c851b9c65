"""A small Apache Flink cluster on this machine for running Beam stages: `make flink-up`, `make flink-down`."""
