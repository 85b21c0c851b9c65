"""Runs Beam's job server with Spark in it, Python workers and an S3 store on this machine.

    python -m cluster.spark up       starts missing processes, waits for them, prints how to send jobs there
    python -m cluster.spark down     stops all processes, also those that a Flink cluster shares (`cluster.local`)

Spark runs in the job server's own process (master `local[2]`): Beam's Spark runner does the work of a job, its shuffle
included. As with `cluster.flink`, workers are isolated processes that share only the store with the stage, and import
the code as it was when `up` started them. **Beam's job server listens on every network interface**: use a firewall, or
stop the cluster after use.
"""

from __future__ import annotations

from cluster import local
from cluster.install import SPARK, install_spark
from cluster.local import HOST, JAVA, RUN, SHARED_PORTS
from pipeline.command import run_command

JOBS, ARTIFACTS = 18088, 18089  # ports
MASTER = "local[2]"
OPTIONS = f"--runner=PortableRunner --job_endpoint={HOST}:{JOBS} {local.ENVIRONMENT}"
PORTS = (("spark-job-server", JOBS), *SHARED_PORTS)


def commands() -> dict[str, list[str]]:
    """Command of each process, by name."""
    server = ["java", "-Xmx2g", *JAVA, "-cp", f"{SPARK}/*", "org.apache.beam.runners.spark.SparkJobServerDriver"]
    ports = [f"--job-host={HOST}", f"--job-port={JOBS}", f"--artifact-port={ARTIFACTS}", "--expansion-port=-1"]
    folders = [f"--artifacts-dir={RUN / 'spark-artifacts'}", f"--spark-master-url={MASTER}"]
    return {"spark-job-server": [*server, *ports, *folders]} | local.shared_commands()


def up() -> None:
    """Installs missing programs and starts missing processes.

    Raises:
        InkError: as for `cluster.flink.up`.
    """
    install_spark()
    local.up(commands(), PORTS, (ARTIFACTS,), {})


def down() -> None:
    """Stops all processes that `up` started, and their child processes."""
    local.down(commands())


def main() -> None:
    """Starts or stops the cluster."""
    local.run_cluster("spark", __doc__, up, down, OPTIONS)


if __name__ == "__main__":
    run_command(main, "spark")
