"""Who reads, rotates and encrypts what: the ways between the resources of a stack, built once.

A file holds one noun; rules ask for a part of the graph by its class, e.g. `stack.part(Keys)`. Where to look:

- secrets: `secret`, `targets` (which secret a resource is about), `references` (who names one by text), `declared_names`, `intent` (what a
  program says about itself), `members` of values.
- identities and grants: `identity`, `principals`; what a document says: `documents`, `patterns`, `actions`, `conditions`, `narrowing`,
  `circle`, `reach`; who holds one: `holdings`, `identity_documents`, `managed_policies`, `own_documents`, `secret_policies`; and so who may
  do what: `readers`, `writers`, `deliveries`, `secret_roles`, `matrix`; who may take a role: `trust`, `trusted_principals`, `runners`.
- keys: `key`, `keys` (which encrypts what, who may use it), `key_policies`, `keyless` readers.
- rotation: `rotation` of one secret, `rotations` of the stack, `rotation_rights`; `functions`, `invocations`, `networks`, `pace`.
- values: `edges` (what a property is made from), `taint`, `secret_values`, `stored_values`, `reuse`; where they may not stand: `leaks`,
  `leaves`, `texts_in_clear`, `kubernetes_in_clear`, `token_formats`, `task_definitions`.
- environments and stacks: `environments`, `place`, `stacks`, `stack_references`; several stacks: `manifest` (made by `fact_finding`, of
  `facts`), `comparison`, `shared_secrets`, `sharing`.
- Kubernetes: `kubernetes`, `workloads`; External Secrets: `external_secrets`, `synced_secret`, `secret_store`, `store_conditions`,
  `store_logins`.
- Vault: `vault_policy`, `vault_paths`, `vault_areas`, `vault_bindings`, `vault_databases`, `vault_references`.
- events: `alarms`, `event_patterns`.
- everywhere: `tokens`, `kubernetes_tokens` and `vault_tokens` of types; `durations`, `flaw`, `spelling`.
"""
