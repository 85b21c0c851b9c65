"""A small Apache Flink cluster on this machine, to run the Beam stages on: `make flink-up`, `make flink-down`."""
