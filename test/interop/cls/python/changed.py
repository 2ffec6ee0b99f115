"""Requests whose body is changed on its way. That of the data plane is not part of what is signed."""

from common import LOGSET, TOPICS, call, make_api_client, make_client, put

api = make_api_client()
call("a consumer group", lambda: api.create_consumer_group(LOGSET, "billing", 60, TOPICS) and None)
call("consumer groups", lambda: len(api.list_consumer_group(LOGSET, TOPICS).get_consumer_groups()))
call("a pull", lambda: make_client().pull_logs(TOPICS[0], 1, 1048576, offset=-1).get_log_group_count())
call("logs", lambda: put(make_client(), TOPICS[0], ([(1700000000, {"n": "1"})], {})) and None)
