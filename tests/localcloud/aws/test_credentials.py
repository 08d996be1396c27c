"""Nobody gets in without a key that the cloud gave out, and nobody can compute one."""

import base64
import hashlib
import http.client
import json

import botocore.awsrequest
import pytest

CLOSED = [
    "/_ministack/config",
    "/_ministack/reset",
    "/_ministack/lambda-code/x",
    "/_ministack/sqs/messages",
    "/_localstack/health",
]


def ask(cloud, method, path):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.running.port, timeout=30)
    connection.request(method, path, body=b"{}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.parametrize("key", ["test", "000000000000", "123456789012"])
def test_the_root_key_without_the_root_secret_is_refused(cloud, refused, key):
    with refused("SignatureDoesNotMatch"):
        cloud.client("sts", key, "test").get_caller_identity()
    with refused("InvalidSignatureException"):
        cloud.client("secretsmanager", key, "test").list_secrets()


def test_root_signs_with_the_secret_that_lies_in_the_folder(cloud):
    secret = (cloud.running.directory / "aws-root-secret").read_text()

    assert cloud.client("sts", cloud.running.account, secret).get_caller_identity()["Arn"].endswith(":root")


def test_an_unsigned_call_is_refused(cloud):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.running.port, timeout=30)
    headers = {"X-Amz-Target": "secretsmanager.ListSecrets", "Content-Type": "application/x-amz-json-1.1"}
    connection.request("POST", "/", body=b"{}", headers=headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()

    assert (answer.status, b"security token" in text, b"SecretList" in text) == (400, True, False)


@pytest.mark.parametrize("body", ["[]", "7", "{"])
def test_a_malformed_request_is_an_answer_not_a_fall(cloud, body):
    signer = cloud.client("secretsmanager")._request_signer
    url = cloud.running.url + "/"
    headers = {"X-Amz-Target": "secretsmanager.DescribeSecret", "Content-Type": "application/x-amz-json-1.1"}
    request = botocore.awsrequest.AWSRequest("POST", url, headers=headers, data=body)
    signer.sign("DescribeSecret", request)
    connection = http.client.HTTPConnection("127.0.0.1", cloud.running.port, timeout=30)
    connection.request("POST", "/", body=body, headers=dict(request.headers))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()

    assert answer.status == 400, text


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_needs_no_signature_is_closed(cloud, method, path):
    assert ask(cloud, method, path) in (400, 403)


def test_health_is_open(cloud):
    assert ask(cloud, "GET", "/_ministack/health") == ask(cloud, "GET", "/_ministack/ready") == 200


def test_the_keys_of_a_functions_role_cannot_be_computed(cloud, refused):
    function = cloud.function("def handler(event, context): return 1")
    cloud.client("lambda").invoke(FunctionName=function)
    role = cloud.client("lambda").get_function_configuration(FunctionName=function)["Role"]

    digest = hashlib.sha256(f"{function}:{role}".encode()).hexdigest()
    secret, token = (hashlib.sha256(f"{what}:{digest}".encode()).hexdigest() for what in ("secret", "token"))

    with refused("InvalidClientTokenId"):
        cloud.client("sts", f"ASIA{digest[:16].upper()}", secret, token).get_caller_identity()


def test_a_web_identity_token_that_nobody_checked_opens_no_role(cloud, refused):
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}
    name = cloud.role()
    trust = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    cloud.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    claims = base64.urlsafe_b64encode(json.dumps({"iss": "https://issuer", "aud": "sts.amazonaws.com", "sub": "me"}).encode()).decode()

    with refused("AccessDenied"):
        cloud.client("sts").assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{cloud.running.account}:role/{name}", RoleSessionName="me", WebIdentityToken=f"e30.{claims}.e30"
        )


def test_the_administrator_may_assume_a_services_role(cloud):
    identity = cloud.as_role(cloud.role(name="billing-reader"), "sts").get_caller_identity()

    assert identity["Arn"].endswith(":assumed-role/billing-reader/test")
