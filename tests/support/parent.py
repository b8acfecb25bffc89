"""No process that a test starts outlives it, however it ends."""

import ctypes
import signal

PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)  # loaded here, because between fork and exec nothing may be


def die_with_parent() -> None:
    """As `preexec_fn`: the kernel kills the process when the *thread* that started it dies, so start it from the main one."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
