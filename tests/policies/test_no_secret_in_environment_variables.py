"""Where each service keeps what it hands to a program, and what a finding says about it."""

import json

import pytest
from pydantic import ValidationError

from policies.pack.values import UNKNOWN, Marked
from policies.rules.no_secret_in_environment_variables import policy as rule
from tests.policies.planted import ACCESS_KEY_ID, GITHUB_TOKEN, PARAMETER, SECRET_ACCESS_KEY, VALUE, function, password, version

SECRET = Marked("hunter3")
POD = {"containers": [{"name": "api", "env": [{"name": "X", "value": SECRET}]}]}
JOB = {"image": "api", "environment": [{"name": "X", "value": "hunter3"}]}


@pytest.mark.parametrize(
    ("token", "inputs", "path"),
    [
        ("aws:lambda/function:Function", {"environment": {"variables": {"X": SECRET}}}, "environment.variables.X"),
        ("aws:amplify/app:App", {"environmentVariables": {"X": SECRET}}, "environmentVariables.X"),
        (
            "aws:apprunner/service:Service",
            {
                "sourceConfiguration": {
                    "codeRepository": {
                        "codeConfiguration": {"codeConfigurationValues": {"runtimeEnvironmentVariables": {"X": SECRET}}},
                    }
                }
            },
            "sourceConfiguration.codeRepository.codeConfiguration.codeConfigurationValues.runtimeEnvironmentVariables.X",
        ),
        ("aws:batch/jobDefinition:JobDefinition", {"containerProperties": Marked(json.dumps(JOB))}, "containerProperties"),
        (
            "aws:batch/jobDefinition:JobDefinition",
            {"nodeProperties": Marked(json.dumps({"nodeRangeProperties": [{"container": JOB}]}))},
            "nodeProperties",
        ),
        (
            "aws:lightsail/containerServiceDeploymentVersion:ContainerServiceDeploymentVersion",
            {"containers": [{"containerName": "api", "environment": {"X": SECRET}}]},
            "containers[0].environment.X",
        ),
        ("aws:sagemaker/model:Model", {"primaryContainer": {"image": "x", "environment": {"X": SECRET}}}, "primaryContainer.environment.X"),
        ("aws:ecs/taskDefinition:TaskDefinition", {"containerDefinitions": Marked(json.dumps([JOB]))}, "containerDefinitions"),
        ("aws:ec2/launchConfiguration:LaunchConfiguration", {"userDataBase64": SECRET}, "userDataBase64"),
        ("kubernetes:core/v1:Pod", {"spec": POD}, "spec.containers[0].env[0].value"),
        (
            "kubernetes:batch/v1:CronJob",
            {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"initContainers": [{"args": ["--token", SECRET]}]}}}}}},
            "spec.jobTemplate.spec.template.spec.initContainers[0].args[1]",
        ),
    ],
)
def test_each_service_keeps_its_variables_somewhere_else(any_program, judge, token, inputs, path):
    any_program.add(token, "api", inputs)

    verdict = judge(rule, any_program)

    assert (verdict.answer, verdict.properties) == ("violated", {path})


def test_one_finding_for_each_variable(deployed, judge):
    function(deployed, {"A": SECRET, "B": GITHUB_TOKEN, "C": "info", "D": Marked("arn:aws:s3:::exports")})

    assert judge(rule, deployed).properties == {"environment.variables.A", "environment.variables.B"}


def test_a_misspelt_type_is_refused(deployed):
    with pytest.raises(ValidationError, match="should be a type that the rule knows"):
        rule.findings(deployed.stack(), {"types": ["aws:lambda/function:Functoin"]})


def test_both_halves_of_an_access_key_in_one_variable_are_one_finding(deployed, judge):
    function(deployed, {"X": f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}"})

    assert [finding.property for finding in judge(rule, deployed).findings] == ["environment.variables.X"]


@pytest.mark.parametrize("environment", [Marked({"variables": {"CANARY": "hunter3"}}), {"variables": Marked({"CANARY": "hunter3"})}])
def test_names_inside_what_is_marked_as_a_whole_are_not_shown(deployed, judge, environment):
    deployed.add("aws:lambda/function:Function", "api", {"environment": environment})

    verdict = judge(rule, deployed)

    assert verdict.answer == "violated"
    assert "CANARY" not in verdict.text


def test_what_was_found_is_said_with_the_resource_and_without_the_value(deployed, judge):
    version(deployed)
    function(deployed, {"X": VALUE})

    (finding,) = judge(rule, deployed).findings

    assert finding.text == 'a value in the environment of Function "api" is the secret value of SecretVersion "value"'


def test_before_the_deployment_the_origin_is_said(program, judge):
    function(program, {"X": UNKNOWN}, [password(program)])

    (finding,) = judge(rule, program).findings

    assert finding.text == 'a value in the environment of Function "api" is made from RandomPassword "password"'


@pytest.mark.parametrize(
    ("name", "answer"), [("TOKEN_ARN", "holds"), ("TOKEN_NAME", "holds"), ("SECRET_ID", "cannot decide"), ("DATABASE_URL", "cannot decide")]
)
def test_a_name_settles_only_what_an_edge_leaves_open(program, judge, name, answer):
    token = program.add(PARAMETER, "token", {"type": "SecureString"}, outputs={"arn": UNKNOWN, "value": UNKNOWN})
    function(program, {name: UNKNOWN}, [token])

    assert judge(rule, program).answer == answer


def test_a_name_settles_nothing_about_a_generated_password(program, judge):
    function(program, {"PASSWORD_ARN": UNKNOWN}, [password(program)])

    assert judge(rule, program).answer == "violated"
