import pytest
from botocore.exceptions import ClientError

from localcloud import half_created

URN = "urn:pulumi:local::keyturn::"


class Stack:
    """Stands for a stack whose deployment was killed."""

    def __init__(self, *pending, resources=()):
        self.pending, self.known, self.cleared = pending, resources, False

    def exported(self):
        operations = [
            {"type": "creating", "resource": {"urn": f"{URN}{kind}::x", "type": kind, "inputs": inputs}} for kind, inputs in self.pending
        ]
        return {"resources": [{"urn": f"{URN}{kind}::x"} for kind in self.known], "pending_operations": operations}

    def clear_pending_creates(self):
        self.cleared = True


class Service:
    """Stands for any client: notes what is asked of it, or refuses with a code."""

    def __init__(self, refuses_with=None):
        self.asked, self.code = [], refuses_with

    def __call__(self, service):
        self.service = service
        return self

    def __getattr__(self, operation):
        def call(**given):
            if self.code:
                raise ClientError({"Error": {"Code": self.code}}, operation)
            self.asked.append((self.service, operation, given))

        return call


@pytest.mark.parametrize(
    ("kind", "inputs", "removal"),
    [
        ("aws:iam/role:Role", {"name": "r"}, ("iam", "delete_role", {"RoleName": "r"})),
        ("aws:kms/alias:Alias", {"name": "alias/a"}, ("kms", "delete_alias", {"AliasName": "alias/a"})),
        ("aws:lambda/function:Function", {"name": "f"}, ("lambda", "delete_function", {"FunctionName": "f"})),
        ("aws:cloudwatch/logGroup:LogGroup", {"name": "/l"}, ("logs", "delete_log_group", {"logGroupName": "/l"})),
        (
            "aws:lambda/permission:Permission",
            {"function": "f", "statementId": "s"},
            ("lambda", "remove_permission", {"FunctionName": "f", "StatementId": "s"}),
        ),
        (
            "aws:secretsmanager/secret:Secret",
            {"name": "local/a/b"},
            ("secretsmanager", "delete_secret", {"SecretId": "local/a/b", "ForceDeleteWithoutRecovery": True}),
        ),
    ],
)
def test_what_was_half_created_is_removed_and_named(capsys, kind, inputs, removal):
    stack, service = Stack((kind, inputs)), Service()

    half_created.remove(stack, service)

    assert service.asked == [removal]
    assert stack.cleared
    assert f"x ({kind}) was half created by a killed deployment" in capsys.readouterr().err


def test_what_the_stack_has_meanwhile_is_never_removed():
    stack, service = Stack(("aws:iam/role:Role", {"name": "r"}), resources=["aws:iam/role:Role"]), Service()

    half_created.remove(stack, service)

    assert service.asked == []
    assert stack.cleared


@pytest.mark.parametrize("code", ["NoSuchEntity", "ResourceNotFoundException", "NotFoundException"])
def test_what_never_came_to_be_is_not_mentioned(capsys, code):
    stack = Stack(("aws:iam/role:Role", {"name": "r"}))

    half_created.remove(stack, Service(refuses_with=code))

    assert stack.cleared
    assert capsys.readouterr().err == ""


def test_a_removal_that_is_refused_is_no_reason_to_forget():
    stack = Stack(("aws:iam/role:Role", {"name": "r"}))

    with pytest.raises(ClientError):
        half_created.remove(stack, Service(refuses_with="AccessDenied"))

    assert not stack.cleared


def test_without_a_killed_deployment_nothing_is_touched():
    stack, service = Stack(), Service()

    half_created.remove(stack, service)

    assert service.asked == []
    assert not stack.cleared
