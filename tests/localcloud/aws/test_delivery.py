"""A failed rotation reaches the topic and its queue when the policies on the way let it; and not otherwise."""

import json

import pytest

FAILED = {"eventName": ["RotationFailed", "RotationAbandoned", "TestRotationFailed"]}
TELL = "import boto3\ndef handler(event, context): boto3.client('sqs').send_message(QueueUrl='QUEUE', MessageBody='{}')"
KIND = {"source": ["aws.secretsmanager"], "detail-type": ["AWS Service Event via CloudTrail"]}


@pytest.fixture
def alerts(cloud):
    """Gives (topic's ARN, queue's url) of a topic that EventBridge may publish to, as `condition` says, and a queue behind it."""

    def make(condition=None, principal="events.amazonaws.com"):
        sns = cloud.client("sns")
        topic = sns.create_topic(Name=cloud.name("alerts"))["TopicArn"]
        statement = {"Effect": "Allow", "Principal": {"Service": principal}, "Action": "sns:Publish", "Resource": topic}
        statement |= {"Condition": condition} if condition else {}
        sns.set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
        queue, arn = cloud.queue()
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return topic, queue

    return make


def fail(cloud, secret):
    cloud.rotate(secret, cloud.function(Environment={"Variables": {"FAIL": "createSecret"}}))


def test_a_failed_rotation_reaches_the_queue_behind_the_topic(cloud, alerts):
    secret = cloud.secret("first")
    topic, queue = alerts()
    cloud.rule({**KIND, "detail": {**FAILED, "additionalEventData": {"SecretId": [secret]}}}, topic)

    fail(cloud, secret)

    event = json.loads(cloud.messages(queue)[0]["Message"])
    assert event["detail"]["eventName"] == "RotationFailed"


def test_a_topic_that_trusts_one_rule_of_this_account_takes_it_and_no_other(cloud, alerts):
    secret = cloud.secret("first")
    pattern = {**KIND, "detail": {**FAILED, "additionalEventData": {"SecretId": [secret]}}}
    account = {"aws:SourceAccount": cloud.running.account}
    trusted = cloud.arn("events", "rule/trusted")
    mine, mine_queue = alerts({"ArnEquals": {"aws:SourceArn": trusted}, "StringEquals": account})
    other, other_queue = alerts({"ArnEquals": {"aws:SourceArn": trusted + "-other"}, "StringEquals": account})
    events = cloud.client("events")
    events.put_rule(Name="trusted", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="trusted", Targets=[{"Id": "mine", "Arn": mine}, {"Id": "other", "Arn": other}])

    fail(cloud, secret)

    assert len(cloud.messages(mine_queue)) >= 1
    assert cloud.messages(other_queue, within=0.2) == []


def test_a_topic_with_its_default_policy_takes_nothing_from_eventbridge(cloud):
    secret, sns = cloud.secret("first"), cloud.client("sns")
    topic = sns.create_topic(Name=cloud.name("alerts"))["TopicArn"]
    queue, arn = cloud.queue()
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloud.rule({**KIND, "detail": {"additionalEventData": {"SecretId": [secret]}}}, topic)
    seen = cloud.events_of(secret)

    fail(cloud, secret)

    assert len(cloud.messages(seen, until=2)) >= 2
    assert cloud.messages(queue, within=0.2) == []


def test_a_queue_without_a_policy_gets_nothing(cloud):
    secret = cloud.secret("first")
    sqs, name = cloud.client("sqs"), cloud.name("closed")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    cloud.rule({**KIND, "detail": {"additionalEventData": {"SecretId": [secret]}}}, cloud.arn("sqs", name))
    seen = cloud.events_of(secret)

    fail(cloud, secret)

    assert len(cloud.messages(seen, until=2)) >= 2
    assert cloud.messages(queue, within=0.2) == []


@pytest.mark.parametrize("permitted", [True, False])
def test_a_function_is_called_by_a_rule_only_with_its_permission(cloud, permitted):
    secret, (told, _) = cloud.secret("first"), cloud.queue()
    function = cloud.function(
        TELL.replace("QUEUE", told),
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"},
        invoked_by="events.amazonaws.com" if permitted else None,
    )
    cloud.rule({**KIND, "detail": {**FAILED, "additionalEventData": {"SecretId": [secret]}}}, function)

    fail(cloud, secret)

    assert bool(cloud.messages(told, within=30 if permitted else 0.7)) is permitted


def test_a_function_subscribed_to_a_topic_needs_its_permission_too(cloud):
    sns, (told, _) = cloud.client("sns"), cloud.queue()
    grant = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]
    function = cloud.function(TELL.replace("QUEUE", told), grant, invoked_by=None)
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)

    sns.publish(TopicArn=topic, Message="without")
    assert cloud.messages(told, within=0.7) == []
    cloud.client("lambda").add_permission(
        FunctionName=function, StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=topic
    )
    sns.publish(TopicArn=topic, Message="with")

    assert len(cloud.messages(told)) == 1


@pytest.mark.parametrize(
    ("matcher", "takes"),
    [
        (lambda mine: {"prefix": mine}, True),
        (lambda mine: {"prefix": mine.replace("secret:", "secret:other-")}, False),
        (lambda mine: {"wildcard": mine.replace("eu-central-1", "*") + "*"}, True),
        (lambda mine: {"wildcard": mine.replace("secret:", "secret:other-") + "*"}, False),
        (lambda mine: {"anything-but": {"prefix": mine}}, False),
    ],
)
def test_a_rule_takes_an_environments_secrets_by_their_beginning(cloud, matcher, takes):
    environment, (queue, arn) = cloud.name("environment"), cloud.queue()
    secret = cloud.client("secretsmanager").create_secret(Name=f"{environment}/billing/database", SecretString="first")["ARN"]
    mine = matcher(cloud.arn("secretsmanager", f"secret:{environment}/"))
    cloud.rule({**KIND, "detail": {**FAILED, "additionalEventData": {"SecretId": [mine]}}}, arn)
    every = cloud.events_of(secret)

    fail(cloud, secret)
    cloud.messages(every, until=2)
    seen = [event["detail"]["additionalEventData"]["SecretId"] for event in cloud.messages(queue, within=30 if takes else 0.1)]

    assert (secret in seen) is takes


def test_either_place_of_the_secrets_name_is_matched(cloud):
    secret, (queue, arn) = cloud.secret("first"), cloud.queue()
    places = [{"additionalEventData": {"SecretId": [secret]}}, {"serviceEventDetails": {"secretId": [secret]}}]
    cloud.rule({**KIND, "detail": {**FAILED, "$or": places}}, arn)

    fail(cloud, secret)

    assert cloud.messages(queue)[0]["detail"]["eventName"] == "RotationFailed"


def test_an_input_transformer_writes_the_message(cloud):
    secret, (queue, arn) = cloud.secret("first"), cloud.queue()
    transformer = {
        "InputPathsMap": {"what": "$.detail.eventName", "secret": "$.detail.additionalEventData.SecretId", "why": "$.detail.errorMessage"},
        "InputTemplate": '{"text": "<what> of <secret>", "why": <why>}',
    }
    cloud.rule({**KIND, "detail": {**FAILED, "additionalEventData": {"SecretId": [secret]}}}, arn, InputTransformer=transformer)

    fail(cloud, secret)

    message = cloud.messages(queue)[0]
    assert message["text"] == f"RotationFailed of {secret}"
    assert "during createSecret step" in message["why"]


def test_an_email_subscription_stays_pending_and_harms_nothing(cloud):
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=cloud.name("topic"))["TopicArn"]

    answer = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")
    sns.publish(TopicArn=topic, Message="hello")

    attributes = sns.get_subscription_attributes(
        SubscriptionArn=sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="other@example.com", ReturnSubscriptionArn=True)[
            "SubscriptionArn"
        ]
    )["Attributes"]
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert answer["SubscriptionArn"] == "pending confirmation"
    assert attributes["PendingConfirmation"] == "true"
    assert [one["SubscriptionArn"] for one in listed] == ["PendingConfirmation"] * 2
