"""A Secrets Manager, a Lambda and a CloudWatch Logs on one clock that only moves when somebody waits."""

import io
import json
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from keyturn.names import SecretName
from keyturn.operations.account import Account
from keyturn.operations.rotate import rotate
from keyturn.operations.screen import Screen
from keyturn.operations.watch import Clock, Pace

NAME = SecretName("prod", "billing", "database")
ARN = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:prod/billing/database-a1b2c3"
FUNCTION_ARN = "arn:aws:lambda:eu-central-1:000000000000:function:prod-billing-postgres"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


class FakeAws(Clock):
    """Answers like AWS; a test says beforehand how rotations go, and reads afterwards what was called."""

    def __init__(self):
        self.time = 1_800_000_000.0
        self.plans = []
        self.description = {"Name": str(NAME), "ARN": ARN, "RotationEnabled": True, "RotationLambdaARN": FUNCTION_ARN}
        self.description["NextRotationDate"] = datetime(2027, 2, 1, tzinfo=UTC)
        self.labels = {"old": ["AWSCURRENT"]}
        self.configuration = {"Timeout": 60, "LoggingConfig": {"LogGroup": "/keyturn/prod/billing/postgres"}}
        self.events = []
        self.tasks = []
        self.refusals = {}
        self.calls = []

    # The clock
    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds
        while due := [task for task in self.tasks if task[0] <= self.time]:
            task = min(due, key=lambda each: each[0])
            self.tasks.remove(task)
            task[1]()

    def after(self, seconds, action):
        self.tasks.append((self.time + seconds, action))

    # What a test arranges
    def refuse(self, call, code, message="no"):
        self.refusals[call] = ClientError({"Error": {"Code": code, "Message": message}}, call)

    def rotations_go(self, *attempts):
        """Each attempt is None (it succeeds) or the step at which it fails; the next rotation takes all of them."""
        self.plans.append(attempts)

    def says(self, version, step, outcome="done", *, error_class=None, message=None):
        line = {"keyturn": "rotation", "secret": str(NAME), "version": version, "step": step, "outcome": outcome}
        self.prints(json.dumps({**line, "errorClass": error_class, "message": message, "milliseconds": 12}))

    def prints(self, text):
        self.events.append({"eventId": str(len(self.events)), "timestamp": int(self.time * 1000), "message": text + "\n"})

    def becomes_current(self, version):
        self.labels = {self._holder("AWSCURRENT"): ["AWSPREVIOUS"], version: ["AWSCURRENT"]}

    # Secrets Manager, Lambda, Logs
    def describe_secret(self, **asked):
        self._called("describe_secret", asked)
        return {**self.description, "VersionIdsToStages": {version: list(labels) for version, labels in self.labels.items()}}

    def rotate_secret(self, **asked):
        self._called("rotate_secret", asked)
        pending = self._holder("AWSPENDING")
        if pending and pending != self._holder("AWSCURRENT"):
            raise ClientError(
                {"Error": {"Code": "InvalidRequestException", "Message": "A previous rotation isn't complete. It will be reattempted."}},
                "RotateSecret",
            )
        token = asked["ClientRequestToken"]
        self.labels[token] = ["AWSPENDING"]
        self.run_attempts(token, self.plans.pop(0) if self.plans else (None,))

    def run_attempts(self, token, attempts):
        delay = 0.5
        for failing in attempts:
            for step in STEPS:
                if step == failing:
                    self.after(delay, lambda step=step: self.says(token, step, "failed", error_class="network", message="cannot connect"))
                    break
                self.after(delay, lambda step=step: self.says(token, step))
                delay += 0.5
            else:
                self.after(delay, lambda: self.becomes_current(token))
            delay += 3

    def update_secret_version_stage(self, **asked):
        self._called("update_secret_version_stage", asked)
        self.labels[asked["RemoveFromVersionId"]].remove(asked["VersionStage"])

    def restore_secret(self, **asked):
        self._called("restore_secret", asked)
        del self.description["DeletedDate"]

    def get_function_configuration(self, **asked):
        self._called("get_function_configuration", asked)
        return self.configuration

    def filter_log_events(self, **asked):
        self._called("filter_log_events", asked)
        # CloudWatch hands over an empty page first, as it does when it has scanned and not found yet.
        return {"events": self.events} if "nextToken" in asked else {"events": [], "nextToken": "more"}

    def _called(self, call, asked):
        self.calls.append((call, asked))
        if call in self.refusals:
            raise self.refusals[call]

    def _holder(self, label):
        return next((version for version, labels in self.labels.items() if label in labels), None)

    def called(self, call):
        return [asked for name, asked in self.calls if name == call]


@pytest.fixture
def aws():
    return FakeAws()


@pytest.fixture
def account(aws):
    return Account(secrets=aws, functions=aws, logs=aws, region="eu-central-1")


@pytest.fixture
def rotated(aws, account):
    """Rotates the secret and gives the rotation; `rotated.shown()` is what a person saw."""
    output = io.StringIO()
    screen = Screen(Console(file=output, width=200))

    def run(**pace):
        return rotate(account, NAME, pace=Pace(**pace), screen=screen, clock=aws)

    run.shown = output.getvalue
    return run
