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
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from functools import partial

import yaml

from cluster import isolation, store
from cluster.install import BEAM, FLINK, HOME, install
from pipeline.command import command_parser, run_command
from pipeline.errors import InkError
from pipeline.files import remove, write_text

HOST = "127.0.0.1"
REST, RPC, JOBS, ARTIFACTS, WORKERS = range(18081, 18086)  # ports; Flink's default is 8081
TASK_MANAGERS, SLOTS = 2, 2
PARALLELISM = 2  # half of the slots: if one task manager dies, the other can run the job
OPTIONS = (
    f"--runner=PortableRunner --job_endpoint={HOST}:{JOBS} --environment_type=EXTERNAL "
    f"--environment_config={HOST}:{WORKERS} --parallelism={PARALLELISM}"
)
PORTS = (("job-server", JOBS), ("worker-pool", WORKERS), ("store", store.PORT), ("faulty-store", store.FAULTY_PORT))
SECONDS_TO_START, SECONDS_TO_STOP = 180, 20
TAIL = 15  # lines of a log in an error
CONF, LOGS, RUN = HOME / "conf", HOME / "logs", HOME / "run"
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
# Packages of Java 17 that must be open for Flink 1.19 (env.java.opts.all of its default configuration).
_OPEN = ("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util", "util.concurrent")
_OPEN_DEEPER = ("util.concurrent.atomic", "util.concurrent.locks")
JAVA = [
    "-XX:+UseSerialGC",
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in (*_OPEN, *_OPEN_DEEPER)),
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
]


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
    made["worker-pool"] = isolation.isolated(["-m", "cluster.workers", str(WORKERS)])
    made["store"] = [sys.executable, "-m", "cluster.store"]
    made["faulty-store"] = [sys.executable, "-m", "cluster.faulty_s3"]
    return made


def up() -> None:
    """Installs missing programs and starts missing processes.

    Raises:
        InkError: the installation failed (see `install`), a port is in use, or a process ended or was not ready in time
            (the message shows the end of its log).
    """
    install()
    missing = {name: command for name, command in commands().items() if pid_of(name) is None}
    if len(missing) == len(commands()):
        _check_ports()
        remove(RUN)
    _write_settings()
    if "worker-pool" in missing:
        isolation.prepare()
    for name, command in missing.items():
        _start(name, command)
    try:
        _await("task managers", _task_managers_are_there)
        for name, port in PORTS:
            _await(name, partial(_answers, port))
    except InkError:
        down()
        raise


def down() -> None:
    """Stops all processes that `up` started, and their child processes."""
    pids = [pid for name in commands() if (pid := pid_of(name)) is not None]
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in filter(_is_running, pids):
            os.killpg(pid, sign)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while any(map(_is_running, pids)) and time.monotonic() < deadline:
            time.sleep(0.2)
    remove(RUN)
    remove(isolation.SHELL)


def pid_of(name: str) -> int | None:
    """Id of the process of this name that `up` started; None if it does not run."""
    path = RUN / f"{name}.pid"
    pid = int(path.read_text()) if path.exists() else None
    return pid if pid is not None and _is_running(pid) else None


def rest(path: str) -> dict:
    """Requests `path` from the job manager's REST API; returns the JSON response."""
    with urllib.request.urlopen(f"http://{HOST}:{REST}/{path}", timeout=10) as answer:
        return json.load(answer)


def _start(name: str, command: list[str]) -> None:
    code = isolation.SHELL / "code" if name == "worker-pool" else HOME.parent  # workers import the jobs
    environment = os.environ | store.ENVIRONMENT | {"PYTHONPATH": str(code)}
    with open(LOGS / f"{name}.log", "wb") as log:
        started = subprocess.Popen(
            command, cwd=code, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    write_text(RUN / f"{name}.pid", str(started.pid))


def _write_settings() -> None:
    for folder in (CONF, LOGS, RUN / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    write_text(CONF / "config.yaml", yaml.safe_dump(SETTINGS))
    write_text(CONF / "log4j.properties", LOG4J)


def _check_ports() -> None:
    taken = [port for port in (REST, RPC, ARTIFACTS, *dict(PORTS).values()) if _answers(port)]
    if taken:
        raise InkError(
            f"expected free ports on {HOST}, found {taken} in use; stop what listens there, or change the ports in "
            "cluster/flink.py"
        )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _task_managers_are_there() -> bool:
    try:
        overview = rest("overview")
    except OSError:
        return False
    return (overview["taskmanagers"], overview["slots-total"]) == (TASK_MANAGERS, TASK_MANAGERS * SLOTS)


def _await(what: str, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not is_ready():
        ended = [name for name in commands() if pid_of(name) is None]
        if ended or time.monotonic() > deadline:
            names = ended or [name for name in commands() if name.startswith(what.rstrip("s").replace(" ", "-"))]
            found = "that it ended" if ended else f"no answer within {SECONDS_TO_START} s"
            raise InkError(f"{names[0]}: expected it to be ready, found {found}; its log ends with\n{_tail(names[0])}")
        time.sleep(0.5)


def _tail(name: str) -> str:
    path = LOGS / f"{name}.log"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
    return "\n".join([*(f"  {line}" for line in lines), f"The full log is {path}"])


def _is_running(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return False  # a child process that has ended
    except ChildProcessError:
        pass
    try:
        # Each process leads a process group; an unrelated process with a reused id rarely does.
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def main() -> None:
    """Starts or stops the cluster."""
    parser = command_parser("cluster.flink", __doc__)
    parser.add_argument("action", choices=("up", "down"), help="start the cluster, or stop it")
    if parser.parse_args().action == "down":
        return down()
    up()
    print(f"Flink answers at http://{HOST}:{REST}. Send it jobs with\n  export INK2EDGE_BEAM='{OPTIONS}'")
    for name, value in {"INK2EDGE_STAGING": store.STAGING, **store.ENVIRONMENT}.items():
        print(f"  export {name}={value}")


if __name__ == "__main__":
    run_command(main, "flink")
