"""Locust's users, who send right requests to the model `number` of a server without a pause."""

from locust import FastHttpUser, HttpUser, task

PATH = "/v1/models/number:predict"


def ask(client):
    """Send a request; the answer must be right."""
    with client.post(PATH, json={"instances": [1.0, 2.0]}, catch_response=True) as response:
        if response.status_code != 200:
            response.failure(f"status {response.status_code}")
        elif response.json() != {"predictions": [{"version": 1.0, "sum": 3.0}] * 2}:
            response.failure("wrong numbers")
        else:
            response.success()


class WithRequests(HttpUser):
    """A user of the client that python-requests is."""

    @task
    def predict(self):
        ask(self.client)


class WithGevent(FastHttpUser):
    """A user of the client that geventhttpclient is."""

    @task
    def predict(self):
        ask(self.client)
