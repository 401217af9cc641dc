"""`python -m sandbox --data-dir DIR [--port N]`: the simulated clouds, in the foreground."""

import argparse
import logging
import os
import sys
import threading
from pathlib import Path

from config.running.shutdown import told_to_end
from sandbox.files import DESCRIPTION_FILE
from sandbox.server import Sandbox


def _await_end_of_input(ended: int) -> None:
    sys.stdin.buffer.read()
    os.write(ended, b"-")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Simulated clouds on loopback.")
    parser.add_argument("--data-dir", type=Path, required=True, help="keeps keys, CA and what people made")
    parser.add_argument("--port", type=int, default=0, help="the proxy's port (default: as at the last start)")
    parser.add_argument("--end-with-stdin", action="store_true", help="end when the parent closes standard input")
    options = parser.parse_args()
    # Whoever runs it in the foreground sees what the sandbox does not simulate, and not each request.
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(levelname)s %(message)s")

    try:
        sandbox = Sandbox(options.data_dir, options.port)
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    # Not before: building takes seconds on a busy machine, and whoever ends it then need not wait for its end.
    end, ended = told_to_end()
    sandbox.start()
    if options.end_with_stdin:
        threading.Thread(target=_await_end_of_input, args=(ended,), daemon=True).start()
    path = sandbox.data_dir / DESCRIPTION_FILE
    sys.stdout.write(f"sandbox ready: proxy {sandbox.proxy.url}, details in {path}\n")
    sys.stdout.flush()
    # Waits without a loop: a signal, or the end of input, writes one byte.
    os.read(end, 1)
    sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
