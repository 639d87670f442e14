"""Send requests with KServe's client for the protocol V1, which is TensorFlow Serving's REST API.

`python v1_client.py URL_OF_THE_MODEL FILE` prints the status and the answer of each request. FILE
contains a large body.
"""

import asyncio
import json
import sys

import httpx
from kserve.inference_client import InferenceRESTClient, RESTConfig


async def main(url, file):
    """Send the requests one after the other."""
    server, _, model = url.partition("/v1/models/")
    with open(file, encoding="utf-8") as opened:
        large = json.load(opened)
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        # The client looks for a field that TensorFlow Serving's status does not have.
        print(200, json.dumps(await client.is_model_ready(server, model)))
        for body in ({"instances": [1.0, 2.0]}, {"instances": ["a"]}, large):
            try:
                print(200, json.dumps(await client.infer(server, body, model_name=model)))
            except httpx.HTTPStatusError as error:
                print(error.response.status_code, error.response.text.replace("\n", " "))


asyncio.run(main(*sys.argv[1:]))
