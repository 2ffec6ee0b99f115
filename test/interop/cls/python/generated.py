"""The SDK that is generated for API 3.0: of the control plane only."""

from urllib.parse import urlsplit

from common import API_ENDPOINT, KEY_ID, KEY_SECRET, REGION, tell
from tencentcloud.cls.v20201016 import cls_client, models
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile


def make_client(secret=KEY_SECRET, token=None):
    address = urlsplit(API_ENDPOINT)
    profile = ClientProfile(httpProfile=HttpProfile(protocol=address.scheme, endpoint=address.netloc))
    return cls_client.ClsClient(credential.Credential(KEY_ID, secret, token), REGION, profile)


def ask(client, action, **fields):
    request = getattr(models, f"{action}Request")()
    request._deserialize(fields)
    return getattr(client, action)(request)


def call(name, action):
    """Tells what an operation answered, or which error; the SDK keeps the status, always 200, to itself."""
    try:
        answer = action()
    except TencentCloudSDKException as error:
        tell([name, {"code": error.get_code()}])
    else:
        tell([name, answer])
