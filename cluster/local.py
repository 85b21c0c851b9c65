"""Processes of a small cluster on this machine: starts the missing ones, waits for them, stops them.

Programs, settings, logs and process ids are in .flink/. Every cluster has a pool of isolated Python workers
(`cluster.isolation`), an S3 store and a proxy in front of it (`cluster.store`): clusters share these, and to stop one
cluster stops them.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from cluster import isolation, store
from cluster.install import HOME
from pipeline.command import command_parser
from pipeline.errors import InkError
from pipeline.files import remove, write_text

HOST = "127.0.0.1"
WORKERS = 18085  # port of the pool
SHARED_PORTS = (("worker-pool", WORKERS), ("store", store.PORT), ("faulty-store", store.FAULTY_PORT))
ENVIRONMENT = f"--environment_type=EXTERNAL --environment_config={HOST}:{WORKERS}"  # Beam options: where Python runs
SECONDS_TO_START, SECONDS_TO_STOP = 180, 20
TAIL = 15  # lines of a log in an error
LOGS, RUN = HOME / "logs", HOME / "run"
# Packages of Java 17 that must be open for Flink 1.19 (env.java.opts.all of its default configuration) and Spark 3.5
# (its JavaModuleOptions).
_OPEN = ("lang", "lang.invoke", "lang.reflect", "net", "io", "nio", "text", "time", "util", "util.concurrent")
_OPEN_DEEPER = ("java.util.concurrent.atomic", "java.util.concurrent.locks", "sun.nio.ch", "sun.nio.cs")
_OPEN_SUN = ("sun.security.action", "sun.util.calendar")
JAVA = [
    "-XX:+UseSerialGC",
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPEN),
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in (*_OPEN_DEEPER, *_OPEN_SUN)),
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
]

Commands = Mapping[str, list[str]]
"""Command of each process of a cluster, by name."""


def shared_commands() -> dict[str, list[str]]:
    """The processes that every cluster has."""
    return {
        "worker-pool": isolation.isolated(["-m", "cluster.workers", str(WORKERS)]),
        "store": [sys.executable, "-m", "cluster.store"],
        "faulty-store": [sys.executable, "-m", "cluster.faulty_s3"],
    }


def up(
    commands: Commands, ports: Sequence[tuple[str, int]], others: Sequence[int], ready: dict[str, Callable[[], bool]]
) -> None:
    """Starts the processes that do not run, and waits for all. If that fails, it stops them.

    Args:
        commands: all processes of the cluster.
        ports: where they listen when they are ready, by the names of the processes.
        others: further ports that must be free.
        ready: what else must be true, by the name of the process that is waited for.

    Raises:
        InkError: no process of the cluster runs, and a port is in use; or one ended or was not ready in time (the
            message shows the end of its log).
    """
    _start_missing(commands, [*others, *dict(ports).values()])
    try:
        for name, is_ready in (ready | {name: partial(_answers, port) for name, port in ports}).items():
            _wait(commands, name, is_ready)
    except InkError:
        down(commands)
        raise


def _start_missing(commands: Commands, ports: Iterable[int]) -> None:
    if not any(pid_of(path.stem) for path in RUN.glob("*.pid")):
        remove(RUN)  # of a cluster that ended with its machine
    missing = {name: command for name, command in commands.items() if pid_of(name) is None}
    if len(missing) == len(commands):
        _check(ports)
    for folder in (LOGS, RUN / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    if "worker-pool" in missing:
        isolation.prepare()
    for name, command in missing.items():
        _start(name, command)


def _wait(commands: Commands, name: str, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not is_ready():
        ended = [other for other in commands if pid_of(other) is None]
        if ended or time.monotonic() > deadline:
            found = "that it ended" if ended else f"no answer within {SECONDS_TO_START} s"
            late = ended[0] if ended else name
            raise InkError(f"{late}: expected it to be ready, found {found}; its log ends with\n{_tail(late)}")
        time.sleep(0.5)


def down(commands: Commands) -> None:
    """Stops the processes and their child processes."""
    pids = [pid for name in commands if (pid := pid_of(name)) is not None]
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for pid in filter(_is_running, pids):
            os.killpg(pid, sign)
        deadline = time.monotonic() + SECONDS_TO_STOP
        while any(map(_is_running, pids)) and time.monotonic() < deadline:
            time.sleep(0.2)
    for name in commands:
        (RUN / f"{name}.pid").unlink(missing_ok=True)
    if not list(RUN.glob("*.pid")):
        remove(RUN)
    remove(isolation.SHELL)


def pid_of(name: str) -> int | None:
    """Id of the process of this name that `up` started; None if it does not run."""
    path = RUN / f"{name}.pid"
    pid = int(path.read_text()) if path.exists() else None
    return pid if pid is not None and _is_running(pid) else None


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def run_cluster(name: str, about: str | None, up: Callable[[], None], down: Callable[[], None], options: str) -> None:
    """Runs the command `python -m cluster.<name> up|down`.

    Args:
        name: of the cluster's module.
        about: its docstring.
        up: starts the cluster.
        down: stops it.
        options: Beam options that send jobs there; the command prints the whole environment.
    """
    parser = command_parser(f"cluster.{name}", about)
    parser.add_argument("action", choices=("up", "down"), help="start the cluster, or stop it")
    if parser.parse_args().action == "down":
        return down()
    up()
    print("Send it jobs with")
    for key, value in {"INK2EDGE_BEAM": options, "INK2EDGE_STAGING": store.STAGING, **store.ENVIRONMENT}.items():
        print(f"  export {key}={shlex.quote(value)}")


def _start(name: str, command: list[str]) -> None:
    code = isolation.SHELL / "code" if name == "worker-pool" else HOME.parent  # workers import the jobs
    environment = os.environ | store.ENVIRONMENT | {"PYTHONPATH": str(code)}
    with open(LOGS / f"{name}.log", "wb") as log:
        started = subprocess.Popen(
            command, cwd=code, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    write_text(RUN / f"{name}.pid", str(started.pid))


def _check(ports: Iterable[int]) -> None:
    if taken := [port for port in ports if _answers(port)]:
        raise InkError(
            f"expected free ports on {HOST}, found {taken} in use; stop what listens there, or change the ports in "
            "cluster/"
        )


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
