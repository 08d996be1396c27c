"""The names inside ministack that this local AWS builds on: checked at start, not met in the middle of a rotation."""

import importlib
import importlib.metadata
import sys

VERSION = "1.5.33"

_NEEDED = {
    "ministack.app": """SERVICE_HANDLERS _build_persistence_save_dict _ct_request_params _dispatch_service_request _get_module
        _handle_health_request _handle_post_body_shortcuts _handle_pre_body_request _handle_ready_request
        _handle_special_data_plane_request _maybe_record_cloudtrail _routing_params app detect_service""",
    "ministack.core.iam_actions": "extract_iam_action extract_resource_arn request_tag_context",
    "ministack.core.iam_evaluator": """EvalContext _first_match _is_root_key _request_origin _resolve_condition_key
        _service_principal_matches _verified_key enforce evaluate_resource_policy is_root_access_key resolve_caller_identity""",
    "ministack.core.lambda_runtime": "execution_credentials subprocess",
    "ministack.core.persistence": "STATE_DIR _json_default _state_format_version",
    "ministack.core.responses": "error_response_json get_account_id get_region json_response new_uuid request_scope",
    "ministack.core.router": "extract_access_key_id",
    "ministack.services.cloudtrail": "_get_event_queue _is_readonly",
    "ministack.services.eventbridge": """_cron_next_fire _invoke_target _matches_pattern_view _parse_cron_fields _parse_rate_seconds
        _pattern_event_view _rules _targets""",
    "ministack.services.iam": """_IAM_HANDLERS _access_keys _create_access_key _create_user _error _list_access_keys _p _roles
        _user_inline_policies _users""",
    "ministack.services.kms": "_resolve_key",
    "ministack.services.lambda_svc": "_create_function _update_config function_policy_for_arn",
    "ministack.services.secretsmanager": """_add_stage _delete_secret _describe_secret _emit_secret_label_updated _filter_secret_names
        _find_stage_version _is_replica _put_resource_policy _remove_stage _remove_stage_everywhere _replica_mutation_error
        _replicate_secret_to_regions _resolve _resource_policies _secrets _sync_replicas handle_request""",
    "ministack.services.sns": """_deliver_to_lambda _get_topic _list_subscriptions _list_subscriptions_by_topic _p _subscribe _topics
        topic_policy_for_arn""",
    "ministack.services.sqs": "queue_policy_for_arn",
    "ministack.services.sts": "_error _web_identity_trust_denied register_session",
}


def check() -> None:
    """Ends the process with a message when another ministack is installed or one of its names is gone."""
    found = importlib.metadata.version("ministack")
    missing = [
        f"{module}.{name}"
        for module, names in _NEEDED.items()
        for name in names.split()
        if not hasattr(importlib.import_module(module), name)
    ]
    if found != VERSION or missing:
        sys.exit(
            f"this local AWS is made for ministack {VERSION} and found {found}; missing in it: {', '.join(missing) or 'nothing'}. "
            "Pin that version in localcloud/aws/requirements.in, or look through every part of localcloud/aws for the new one."
        )
