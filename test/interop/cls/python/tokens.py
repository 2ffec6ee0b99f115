"""Requests of an account whose credentials are temporary: they must carry its token."""

import os

import generated
from common import LOGSET, TOPICS, call, make_api_client, make_client

TOKEN = os.environ["INTEROP_SECURITY_TOKEN"]


def main():
    for name, token in (("the token", TOKEN), ("no token", None), ("another token", TOKEN + "-old")):
        call(f"{name}, control", lambda: len(groups_of(make_api_client(token=token))))
        call(f"{name}, data", lambda: pull(make_client(token=token)))
        generated.call(f"{name}, generated", lambda: len(logsets_of(generated.make_client(token=token))))


def groups_of(client):
    return client.list_consumer_group(LOGSET, TOPICS).get_consumer_groups()


def logsets_of(client):
    return generated.ask(client, "DescribeLogsets").Logsets


def pull(client):
    return client.pull_logs(TOPICS[0], 1, 1048576, offset=-1).get_log_group_count()


main()
