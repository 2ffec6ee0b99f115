"""Requests that the service is to refuse for who sent them, or when."""

from datetime import datetime, timedelta

import aliyun.log.auth as auth
from common import KEY_ID, LOGSTORE, PROJECT, call, make_client


def main():
    call("the right secret", lambda: shard_count(make_client()))
    call("a wrong secret", lambda: shard_count(make_client(secret="wrong")))
    call("an unknown key", lambda: shard_count(make_client(key_id=KEY_ID + "-unknown")))
    for minutes in (-14, -16, 14, 16):
        auth.datetime = shifted(timedelta(minutes=minutes))
        call(f"a clock {minutes:+d} minutes off", lambda: shard_count(make_client()))


def shard_count(client):
    return len(client.list_shards(PROJECT, LOGSTORE).get_shards_info())


def shifted(by):
    """The clock that the SDK signs with."""

    class Shifted(datetime):
        @classmethod
        def utcnow(cls):
            return datetime.utcnow() + by

    return Shifted


main()
