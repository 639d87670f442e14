"""Start a model server: `python -m helpers.serving --model_name=... --model_base_path=...`."""

import logging
import os
import sys


def main(arguments: list[str]) -> int:
    """Serve until a signal comes; return the exit status.

    Parameters
    ----------
    arguments : list of str
        TensorFlow Serving's flags
    """
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    # A server draws nothing and builds no Keras model. Without these two, it starts sooner and
    # needs less memory.
    sys.modules["matplotlib"] = sys.modules["keras"] = None
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname).1s %(message)s"
    )
    from helpers.serving.protocol.errors import ServingError
    from helpers.serving.server import options as config
    from helpers.serving.server import run

    try:
        options, ignored = config.parse(arguments)
        for name in ignored:
            run.log.warning("--%s has no effect on this server", name)
        run.serve(options)
    except ServingError as error:
        print(f"Failed to start server. Error: {error}", file=sys.stderr, flush=True)
        return 255
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
