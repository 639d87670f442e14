"""Count requests and measure times, for Prometheus, with TensorFlow Serving's metric names."""

import threading
from bisect import bisect_left

_LATENCY = [10 * 1.8**i for i in range(33)]  # microseconds, to about twenty minutes
_EXAMPLES = [2.0**i for i in range(15)]


class _Metric:
    """A counter, or a histogram if it has bounds; one cell for each combination of label values."""

    def __init__(self, name, labels, bounds=None):
        self.name, self.labels, self.bounds = name, labels, bounds
        self.cells, self._lock = {}, threading.Lock()

    def add(self, labels, amount):
        with self._lock:
            cell = self.cells.get(labels)
            if self.bounds is None:
                self.cells[labels] = (cell or 0) + amount
                return
            if cell is None:
                cell = self.cells[labels] = [[0] * (len(self.bounds) + 1), 0.0]
            cell[0][bisect_left(self.bounds, amount)] += 1
            cell[1] += amount

    def first(self):
        with self._lock:
            return self.cells[min(self.cells)] if self.cells else 0

    def lines(self):
        name = ":" + self.name.strip("/").replace("/", ":")
        yield f"# TYPE {name} {'counter' if self.bounds is None else 'histogram'}"
        with self._lock:
            cells = [
                (k, v if self.bounds is None else (v[0][:], v[1])) for k, v in self.cells.items()
            ]
        for values, cell in cells:
            labels = ",".join(
                f'{label}="{_escaped(value)}"'
                for label, value in zip(self.labels, values, strict=True)
            )
            if self.bounds is None:
                yield f"{name}{{{labels}}} {cell}"
                continue
            counts, total = cell
            below = 0
            for bound, count in zip([*self.bounds, None], counts, strict=True):
                below += count
                limit = "+Inf" if bound is None else f"{bound:.6g}"
                yield f'{name}_bucket{{{labels},le="{limit}"}} {below}'
            yield f"{name}_sum{{{labels}}} {total:.6g}"
            yield f"{name}_count{{{labels}}} {below}"


def _escaped(value):
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Metrics:
    """The server's counters and histograms.

    All methods take times in seconds; the page shows microseconds. Threads may share the object.
    """

    def __init__(self) -> None:
        self._all = []
        serving = "/tensorflow/serving/"
        self._requests = self._new(serving + "request_count", ("model_name", "status"))
        self._latency = self._new(
            serving + "request_latency", ("model_name", "API", "entrypoint"), _LATENCY
        )
        self._runtime = self._new(
            serving + "runtime_latency", ("model_name", "API", "runtime"), _LATENCY
        )
        self._examples = self._new(serving + "request_example_counts", ("model",), _EXAMPLES)
        self._example_total = self._new(serving + "request_example_count_total", ("model",))
        self._warmup = self._new(
            serving + "model_warmup_latency", ("model_path", "status"), _LATENCY
        )
        self._warmup_records = self._new(
            serving + "model_warmup_records_read", ("model_path", "status")
        )
        loader = "/tensorflow/cc/saved_model/"
        self._loads = self._new(loader + "load_attempt_count", ("model_path", "status"))
        self._load_time = self._new(loader + "load_latency", ("model_path",))

    def _new(self, *details):
        self._all.append(_Metric(*details))
        return self._all[-1]

    def answered(self, model: str, status: str, api: str, entrypoint: str, seconds: float) -> None:
        """Count a request; record its time if it succeeded.

        Parameters
        ----------
        model : str
        status : str
            name of the code in the response, "OK" for success
        api : str
            "Predict", "Classify" or "Regress"; over REST "predict", "classify" or "regress", and ""
            for requests that run no model
        entrypoint : str
            "REST" or "GRPC"
        seconds : float
        """
        self._requests.add((model, status), 1)
        if status == "OK":
            self._latency.add((model, api, entrypoint), seconds * 1e6)

    def ran(self, model: str, api: str, seconds: float) -> None:
        """Record the time of a call of TensorFlow."""
        self._runtime.add((model, api, "TF1"), seconds * 1e6)

    def took_examples(self, model: str, count: int) -> None:
        """Count the examples in a request; TensorFlow Serving does so for MultiInference only."""
        self._examples.add((model,), count)
        self._example_total.add((model,), count)

    def loaded(self, path: str, succeeded: bool, seconds: float) -> None:
        """Count an attempt to load a version; record its time if it succeeded."""
        self._loads.add((path, "success" if succeeded else "fail"), 1)
        if succeeded:
            self._load_time.add((path,), round(seconds * 1e6))

    def warmed_up(self, path: str, status: str, seconds: float, records: int) -> None:
        """Record the time of a version's warm-up requests, and count them."""
        self._warmup.add((path, status), seconds * 1e6)
        self._warmup_records.add((path, status), records)

    def value(self, name: str) -> int:
        """Return the value of a counter, as a reload reports it.

        Parameters
        ----------
        name : str
            like "/tensorflow/serving/request_count"

        Returns
        -------
        int
            of the first combination of label values in alphabetical order, as TensorFlow Serving
            takes it; 0 for a histogram and for a name that there is not
        """
        for metric in self._all:
            if metric.name == name and metric.bounds is None:
                return metric.first()
        return 0

    def page(self) -> str:
        """Return the page in Prometheus' text format."""
        return "".join(f"{line}\n" for metric in self._all for line in metric.lines())
