"""What it ran on, and what the kernel says of processes and cores."""

import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

import psycopg

from api.db.sqlite import connect

TICKS = os.sysconf("SC_CLK_TCK")
BLOCK = b"\0" * 4096
FLUSHES = 200


def described() -> str:
    model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{model.partition(': ')[2]}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {kernel}, Python {platform.python_version()}"
    )


def commit() -> str:
    """Short, with a plus where `api` differs from it."""
    return _git("rev-parse", "--short", "HEAD") + ("+" if _git("status", "--porcelain", "api") else "")


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()


def sqlite_version(folder: Path) -> str:
    """Of the SQLite that the product uses."""
    conn = connect(folder / "version.db", {})
    try:
        return f"SQLite {conn.execute('select sqlite_version()').fetchone()[0]}"
    finally:
        conn.close()


def postgres_version(url: str) -> str:
    with psycopg.connect(url) as conn:
        return f"PostgreSQL {(conn.info.parameter_status('server_version') or '').split()[0]}"


def flush_microseconds(folder: Path) -> float:
    """The median of 200 fdatasync, each after 4 KiB written over a file that has its blocks already, as a WAL has."""
    path = folder / "flushed"
    path.write_bytes(BLOCK * FLUSHES)
    descriptor = os.open(path, os.O_WRONLY)
    os.fsync(descriptor)
    times = []
    for number in range(FLUSHES):
        os.pwrite(descriptor, BLOCK, number * len(BLOCK))
        start = time.perf_counter()
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - start)
    os.close(descriptor)
    path.unlink()
    return statistics.median(times) * 1e6


def busy_seconds() -> float:
    """What all cores have worked since the machine started."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def wait_for_calm(most: float) -> float:
    """Until all cores together worked less than a tenth of one, or `most` seconds; how long it took."""
    start = time.monotonic()
    while (passed := time.monotonic() - start) < most:
        before = busy_seconds()
        time.sleep(0.25)
        if busy_seconds() - before < 0.025:
            break
    return passed


def cpu_seconds(pid: int) -> float:
    return _cpu(Path(f"/proc/{pid}/stat"))


def thread_seconds(pid: int) -> dict[int, float]:
    """By thread; the one with the number of the process is the event loop's."""
    return {int(path.name): _cpu(path / "stat") for path in Path(f"/proc/{pid}/task").iterdir()}


def _cpu(path: Path) -> float:
    # The name in parentheses may hold spaces.
    user, system = path.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def resident_mebibytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
