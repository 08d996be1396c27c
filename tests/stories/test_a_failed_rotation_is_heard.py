"""What on-call gets: a rotation that fails says why, leaves the old password current, and a message arrives."""

import json
import time

import pytest

pytestmark = pytest.mark.story


@pytest.fixture
def alerts(cloud):
    """Messages of the environment's alert topic, through a queue that subscribes to it."""
    sqs, sns, topic = cloud.client("sqs"), cloud.client("sns"), cloud.output("alertTopicArn")
    queue = sqs.create_queue(QueueName="oncall")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    def messages(within_seconds: int) -> list[str]:
        until = time.monotonic() + within_seconds
        found: list[str] = []
        while not found and time.monotonic() < until:
            answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10)
            found = [json.loads(message["Body"])["Message"] for message in answer.get("Messages", [])]
        return found

    yield messages
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


def test_with_the_database_stopped_the_cause_is_told_the_old_password_stays_and_the_next_rotation_heals(cloud, alerts):
    before = cloud.value("billing", "database")
    cloud.stop_database()
    try:
        failed = cloud.keyturn("rotate", "local/billing/database", "--quiet-period", "5")
    finally:
        cloud.start_database()

    heard = alerts(within_seconds=20)
    unchanged = cloud.value("billing", "database")
    healed = cloud.keyturn("rotate", "local/billing/database")

    assert failed.returncode == 1
    assert "network" in failed.stdout + failed.stderr
    assert unchanged == before
    assert any("local/billing/database" in message for message in heard)
    assert healed.returncode == 0, healed.stdout + healed.stderr
    assert cloud.value("billing", "database")["password"] != before["password"]
    assert cloud.database.logs_in(cloud.value("billing", "database"))
