"""Who reads or writes a value needs the customer's key, through Secrets Manager and for this secret."""

import pytest

READ = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "secretsmanager:PutSecretValue", "Resource": "*"}


@pytest.fixture
def via_service(cloud):
    """The statement of our grants: this key, through Secrets Manager, in the context of this secret."""

    def statement(key, secret, *actions):
        condition = {"kms:ViaService": f"secretsmanager.{cloud.running.region}.amazonaws.com", "kms:EncryptionContext:SecretARN": secret}
        return {"Effect": "Allow", "Action": list(actions or ["kms:Decrypt"]), "Resource": key, "Condition": {"StringEquals": condition}}

    return statement


def test_a_read_without_decrypt_on_the_key_is_refused(cloud, refused):
    secret = cloud.secret("first", KmsKeyId=cloud.key())

    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        cloud.as_role(cloud.role(READ), "secretsmanager").get_secret_value(SecretId=secret)


def test_a_read_with_decrypt_through_the_service_gives_the_value(cloud, via_service):
    key = cloud.key()
    secret = cloud.secret("first", KmsKeyId=key)

    reader = cloud.as_role(cloud.role(READ, via_service(key, secret)), "secretsmanager")

    assert reader.get_secret_value(SecretId=secret)["SecretString"] == "first"


def test_a_grant_for_one_secret_decrypts_no_other(cloud, via_service, refused):
    key = cloud.key()
    mine, other = cloud.secret("mine", KmsKeyId=key), cloud.secret("other", KmsKeyId=key)
    reader = cloud.as_role(cloud.role(READ, via_service(key, mine)), "secretsmanager")

    with refused("AccessDeniedException", "Access to KMS"):
        reader.get_secret_value(SecretId=other)

    assert reader.get_secret_value(SecretId=mine)["SecretString"] == "mine"


def test_decrypt_through_the_service_is_not_decrypt_by_hand(cloud, via_service, refused):
    key = cloud.key()
    secret = cloud.secret("first", KmsKeyId=key)
    context = {"SecretARN": secret}
    sealed = cloud.client("kms").encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    direct = cloud.as_role(cloud.role(READ, via_service(key, secret)), "kms")

    with refused("AccessDeniedException"):
        direct.decrypt(CiphertextBlob=sealed, EncryptionContext=context)
    with refused("AccessDeniedException"):
        direct.decrypt(CiphertextBlob=sealed, KeyId=key, EncryptionContext=context)


def test_a_write_needs_a_data_key_and_decrypt(cloud, via_service, refused):
    key = cloud.key()
    secret = cloud.secret("first", KmsKeyId=key)
    half = cloud.as_role(cloud.role(WRITE, via_service(key, secret, "kms:GenerateDataKey")), "secretsmanager")
    whole = cloud.as_role(cloud.role(WRITE, via_service(key, secret, "kms:GenerateDataKey", "kms:Decrypt")), "secretsmanager")

    with refused("AccessDeniedException", "Access to KMS"):
        half.put_secret_value(SecretId=secret, SecretString="second")
    whole.put_secret_value(SecretId=secret, SecretString="second")

    assert cloud.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "second"


def test_a_key_policy_that_names_nobody_shuts_out_the_administrator(cloud, refused):
    someone = {"AWS": f"arn:aws:iam::{cloud.running.account}:role/{cloud.role()}"}
    key = cloud.key({"Effect": "Allow", "Principal": someone, "Action": "kms:*", "Resource": "*"})

    with refused("AccessDeniedException", "Access to KMS"):
        cloud.secret("first", KmsKeyId=key)


def test_the_key_policy_of_our_environments_lets_values_pass_through_secrets_manager_only(cloud, refused):
    owner = {"AWS": f"arn:aws:iam::{cloud.running.account}:root"}
    via = {"StringEquals": {"kms:ViaService": f"secretsmanager.{cloud.running.region}.amazonaws.com"}}
    administration = ["kms:Create*", "kms:Describe*", "kms:Put*", "kms:Get*", "kms:Disable*", "kms:Enable*"]
    use = {"Effect": "Allow", "Principal": owner, "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*", "Condition": via}
    key = cloud.key({"Effect": "Allow", "Principal": owner, "Action": administration, "Resource": "*"}, use)

    secret = cloud.secret("first", KmsKeyId=key)

    assert cloud.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "first"
    with refused("AccessDeniedException"):
        cloud.client("kms").generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"SecretARN": secret})


def test_a_disabled_key_gives_no_value_until_it_is_enabled(cloud, refused):
    key, secrets = cloud.key(), cloud.client("secretsmanager")
    secret = cloud.secret("first", KmsKeyId=key)

    cloud.client("kms").disable_key(KeyId=key)
    with refused("DecryptionFailure"):
        secrets.get_secret_value(SecretId=secret)
    with refused("EncryptionFailure"):
        secrets.put_secret_value(SecretId=secret, SecretString="second")
    cloud.client("kms").enable_key(KeyId=key)

    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "first"


def test_a_missing_key_makes_no_secret(cloud, refused):
    name = cloud.name("keyless")

    with refused("EncryptionFailure"):
        cloud.client("secretsmanager").create_secret(Name=name, KmsKeyId="alias/missing")
    with refused("ResourceNotFoundException"):
        cloud.client("secretsmanager").describe_secret(SecretId=name)


def test_a_secret_may_name_its_key_by_alias(cloud):
    alias = f"alias/{cloud.name('keyturn')}"
    cloud.client("kms").create_alias(AliasName=alias, TargetKeyId=cloud.key())

    secret = cloud.secret("first", KmsKeyId=alias)

    assert cloud.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"] == "first"


def test_a_denial_on_the_key_holds_for_its_alias_too(cloud, refused):
    key, alias = cloud.key(), f"alias/{cloud.name('keyturn')}"
    cloud.client("kms").create_alias(AliasName=alias, TargetKeyId=key)
    everything = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    role = cloud.role(everything, {"Effect": "Deny", "Action": "kms:GenerateDataKey", "Resource": key})

    with refused("AccessDeniedException"):
        cloud.as_role(role, "kms").generate_data_key(KeyId=alias, KeySpec="AES_256")


def test_a_change_of_the_key_needs_the_new_key(cloud, refused):
    secret, key = cloud.secret("first", KmsKeyId=cloud.key()), cloud.key()
    cloud.client("kms").disable_key(KeyId=key)

    with refused("EncryptionFailure"):
        cloud.client("secretsmanager").update_secret(SecretId=secret, KmsKeyId=key)
