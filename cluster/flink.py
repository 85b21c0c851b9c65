"""Runs one job manager, two task managers, Beam's job server, Python workers and an S3 store on this machine.

    python -m cluster.flink up       starts missing processes, waits for them, prints how to send jobs there
    python -m cluster.flink down     stops all processes

Programs, settings, logs and process ids are in .flink/. Starting takes about a minute; the cluster uses up to 6 GB of
memory. As on a real cluster, the workers are processes outside the task managers (environment type EXTERNAL): a job
must not depend on the process that submits it. Workers do not see its disk either (`cluster.isolation`); they exchange
files through the store (`cluster.store`). They import the code as it was when `up` started them: after a change, run
`down` and `up`. A job survives the death of a worker or task manager up to three times.

Flink and the pool listen on the loopback interface only. **Beam's Java servers listen on every network interface**, and
no setting changes that: the job server (JOBS, ARTIFACTS), and random ports of the task managers while a job runs.
Anyone who can connect to them can run programs on this machine: use a firewall, or stop the cluster after use.
"""

from __future__ import annotations

import json
import urllib.request

import yaml

from cluster import local
from cluster.install import BEAM, FLINK, HOME, install
from cluster.local import HOST, JAVA, RUN, SHARED_PORTS
from pipeline.command import run_command
from pipeline.files import write_text

REST, RPC, JOBS, ARTIFACTS = range(18081, 18085)  # ports; Flink's default is 8081
TASK_MANAGERS, SLOTS = 2, 2
PARALLELISM = 2  # half of the slots: if one task manager dies, the other can run the job
OPTIONS = f"--runner=PortableRunner --job_endpoint={HOST}:{JOBS} {local.ENVIRONMENT} --parallelism={PARALLELISM}"
PORTS = (("job-server", JOBS), *SHARED_PORTS)
CONF = HOME / "conf"
SETTINGS = {
    "jobmanager.rpc.address": HOST,
    "jobmanager.bind-host": HOST,
    "jobmanager.rpc.port": RPC,
    "rest.address": HOST,
    "rest.bind-address": HOST,
    "rest.port": REST,
    "taskmanager.host": HOST,
    "taskmanager.bind-host": HOST,
    "taskmanager.numberOfTaskSlots": SLOTS,
    "taskmanager.load-balance.mode": "SLOTS",  # a job is spread over the task managers
    # Milliseconds: Flink detects a dead task manager after two refused heartbeats, and a hanging one after 30 s.
    "heartbeat.interval": 3000,
    "heartbeat.timeout": 30_000,
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 3,
    "restart-strategy.fixed-delay.delay": "5 s",  # after a shorter delay, Flink would retry the dead task manager
    # Starting a task manager by its class requires every memory size. Samples pass through Beam: the sorter's memory
    # (managed) must hold several values and spills the rest, the heap holds what is on its way to a worker.
    "taskmanager.cpu.cores": 1,
    "taskmanager.memory.framework.heap.size": "128m",
    "taskmanager.memory.framework.off-heap.size": "64m",
    "taskmanager.memory.task.heap.size": "1024m",
    "taskmanager.memory.task.off-heap.size": "512m",
    "taskmanager.memory.managed.size": "512m",
    "taskmanager.memory.network.min": "256m",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.jvm-metaspace.size": "256m",
    "taskmanager.memory.jvm-overhead.min": "192m",
    "taskmanager.memory.jvm-overhead.max": "192m",
    "io.tmp.dirs": str(RUN / "tmp"),
}
LOG4J = """rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %-5p %c{1} %m%n
"""


def commands() -> dict[str, list[str]]:
    """Command of each process, by name."""
    flink = [*JAVA, f"-Dlog4j.configurationFile={(CONF / 'log4j.properties').as_uri()}"]
    flink += ["-cp", f"{FLINK}/*"]
    manager = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
    made = {"job-manager": ["java", "-Xmx512m", *flink, manager, "-c", str(CONF)]}
    for number in range(1, TASK_MANAGERS + 1):
        name = f"task-manager-{number}"
        runner = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
        made[name] = ["java", "-Xmx1152m", *flink, runner, "-c", str(CONF), "-D", f"taskmanager.resource-id={name}"]
    server = ["java", "-Xmx256m", *JAVA, "-cp", f"{BEAM}/*", "org.apache.beam.runners.flink.FlinkJobServerDriver"]
    ports = [f"--job-port={JOBS}", f"--artifact-port={ARTIFACTS}", "--expansion-port=-1"]  # -1: no expansion service
    folders = [f"--artifacts-dir={RUN / 'artifacts'}", f"--flink-conf-dir={CONF}"]
    made["job-server"] = [*server, f"--flink-master={HOST}:{REST}", f"--job-host={HOST}", *ports, *folders]
    return made | local.shared_commands()


def up() -> None:
    """Installs missing programs and starts missing processes.

    Raises:
        InkError: the installation failed (see `install`), a port is in use, or a process ended or was not ready in time
            (the message shows the end of its log).
    """
    install()
    CONF.mkdir(parents=True, exist_ok=True)
    write_text(CONF / "config.yaml", yaml.safe_dump(SETTINGS))
    write_text(CONF / "log4j.properties", LOG4J)
    local.up(commands(), PORTS, (REST, RPC, ARTIFACTS), {"task-manager-1": _task_managers_are_there})


def down() -> None:
    """Stops all processes that `up` started, and their child processes."""
    local.down(commands())


def rest(path: str) -> dict:
    """Requests `path` from the job manager's REST API; returns the JSON response."""
    with urllib.request.urlopen(f"http://{HOST}:{REST}/{path}", timeout=10) as answer:
        return json.load(answer)


def _task_managers_are_there() -> bool:
    try:
        overview = rest("overview")
    except OSError:
        return False
    return (overview["taskmanagers"], overview["slots-total"]) == (TASK_MANAGERS, TASK_MANAGERS * SLOTS)


def main() -> None:
    """Starts or stops the cluster."""
    local.run_cluster("flink", __doc__, up, down, OPTIONS)


if __name__ == "__main__":
    run_command(main, "flink")
