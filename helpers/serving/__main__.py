"""`python -m helpers.serving --model_name=... --model_base_path=...`: start a model server."""

import logging
import os
import sys

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
# A server draws nothing and builds no Keras model; without these it starts sooner and takes less.
sys.modules["matplotlib"] = sys.modules["keras"] = None


def main(arguments):
    """Serve; the exit status."""
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
