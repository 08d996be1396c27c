"""Two access keys a user, and none of a user who is not there."""


def test_a_third_key_is_refused_until_one_is_deleted(cloud, refused):
    iam, user = cloud.client("iam"), cloud.name("user")
    iam.create_user(UserName=user)
    first, _ = (iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"] for _ in range(2))

    with refused("LimitExceeded", "AccessKeysPerUser: 2"):
        iam.create_access_key(UserName=user)
    iam.delete_access_key(UserName=user, AccessKeyId=first)

    assert iam.create_access_key(UserName=user)["AccessKey"]["Status"] == "Active"


def test_the_keys_of_a_missing_user_are_no_empty_list(cloud, refused):
    with refused("NoSuchEntity", "cannot be found"):
        cloud.client("iam").list_access_keys(UserName="nobody")
