"""Names that the model server and the process that starts it agree on."""

PARENT = "HELPERS_SERVING_PARENT"  # variable: the number of the process to end with
POLL = "HELPERS_SERVING_POLL"  # variable: seconds between two looks for versions
LISTENS = "Exporting HTTP/REST API"  # in the log as soon as the server has its port
