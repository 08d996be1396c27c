"""What a team may say about its own names."""

import pytest
from pydantic import ValidationError

from policies.rules.secret_has_an_owner import policy as rule


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(", "should be a regular expression"),
        ("(?P<environment>dev)-.*", "should have the groups"),
        ("(?P<environment>dev)-(?P<service>.*)-(?P<secret>.*)", "should have the groups"),
    ],
)
def test_a_pattern_that_cannot_name_both_is_refused(program, pattern, problem):
    with pytest.raises(ValidationError, match=problem):
        rule.findings(program.stack(), {"namePattern": pattern})


def test_tags_of_something_else_than_environment_and_service_are_refused(program):
    with pytest.raises(ValidationError, match="'environment' or 'service'"):
        rule.findings(program.stack(), {"tagKeys": {"owner": ["team"]}})


def test_the_message_says_what_is_missing(program, judge):
    program.secret(physical="database", tags={"keyturn:environment": "dev"})

    assert judge(rule, program).text == 'nothing names the service that owns Secret "database" (tags)'
