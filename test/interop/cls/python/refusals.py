"""Requests that the service is to refuse for who sent them, or when."""

import time as real

import tencentcloud.log.auth as auth
import tencentcloud.log.logclient as logclient
from common import KEY_ID, LOGSET, TOPICS, call, make_api_client, make_client


def main():
    call("the right secret", lambda: look())
    call("a wrong secret", lambda: look(secret="wrong"))
    call("an unknown key", lambda: look(key_id=KEY_ID + "-unknown"))
    call("the right secret, data", lambda: pull())
    call("a wrong secret, data", lambda: pull(secret="wrong"))
    call("an unknown key, data", lambda: pull(key_id=KEY_ID + "-unknown"))
    for minutes in (-4, -6, 4, 6):
        shift(minutes * 60)
        call(f"a clock {minutes:+d} minutes off", lambda: look())
    # What is signed holds from a minute before to five minutes after.
    for seconds in (-290, -310, 50, 70):
        shift(seconds)
        call(f"a clock {seconds:+d} seconds off, data", lambda: pull())


def look(**keys):
    return len(make_api_client(**keys).list_consumer_group(LOGSET, TOPICS).get_consumer_groups())


def pull(**keys):
    return make_client(**keys).pull_logs(TOPICS[0], 1, 1048576, offset=-1).get_log_group_count()


def shift(by_sec):
    """The clock that the SDK signs with."""

    class Shifted:
        sleep = real.sleep

        @staticmethod
        def time():
            return real.time() + by_sec

    auth.time = logclient.time = Shifted


main()
