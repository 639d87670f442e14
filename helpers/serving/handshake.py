"""Names that the model server and the process that starts it agree on."""

PARENT = "HELPERS_SERVING_PARENT"  # variable: the number of the process to end with
POLL = "HELPERS_SERVING_POLL"  # variable: seconds between two looks for versions
IDLE = "HELPERS_SERVING_IDLE"  # variable: seconds without a request after which the server ends
IDLE_WORDS = "The server ends without a request for"  # in the log before that
LISTENS = "Exporting HTTP/REST API"  # in the log as soon as the server has its port
