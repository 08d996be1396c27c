"""Type tokens of the resources that the graph is made of."""

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 - a type token
SECRET_ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"  # noqa: S105 - a type token
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 - a type token
SECRET_TAG = "aws:secretsmanager/tag:Tag"  # noqa: S105 - a type token

ROLE = "aws:iam/role:Role"
USER = "aws:iam/user:User"
GROUP = "aws:iam/group:Group"
POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
USER_POLICY = "aws:iam/userPolicy:UserPolicy"
GROUP_POLICY = "aws:iam/groupPolicy:GroupPolicy"

FUNCTION = "aws:lambda/function:Function"
FUNCTION_ALIAS = "aws:lambda/alias:Alias"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
INSTANCE_PROFILE = "aws:iam/instanceProfile:InstanceProfile"
SERVERLESS_APPLICATION = "aws:serverlessrepository/cloudFormationStack:CloudFormationStack"
CLOUDFORMATION_STACK = "aws:cloudformation/stack:Stack"

KEY = "aws:kms/key:Key"
EXTERNAL_KEY = "aws:kms/externalKey:ExternalKey"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
REPLICA_EXTERNAL_KEY = "aws:kms/replicaExternalKey:ReplicaExternalKey"
KEY_ALIAS = "aws:kms/alias:Alias"
KEY_GRANT = "aws:kms/grant:Grant"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"

KEYS = frozenset({KEY, EXTERNAL_KEY, REPLICA_KEY, REPLICA_EXTERNAL_KEY, KEY_ALIAS})
"""Keys and names of keys that only a customer can make."""

STACK = "pulumi:pulumi:Stack"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
PARAMETER = "aws:ssm/parameter:Parameter"

OURS = "keyturn:index:"
"""How the tokens of Keyturn's components begin."""
SERVICE_ACCESS = "keyturn:index:ServiceAccess"

EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
LOG_METRIC_FILTER = "aws:cloudwatch/logMetricFilter:LogMetricFilter"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TRAIL = "aws:cloudtrail/trail:Trail"
EVENT_DATA_STORE = "aws:cloudtrail/eventDataStore:EventDataStore"
