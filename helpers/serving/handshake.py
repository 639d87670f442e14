"""What the starter of a model server and the server say to each other."""

PARENT = "HELPERS_SERVING_PARENT"  # tells the server whom to follow
POLL = "HELPERS_SERVING_POLL"  # tells it after how many seconds to look for versions again
LISTENS = "Exporting HTTP/REST API"  # in its log once the port is its own
