"""Who reads, rotates and encrypts what: the ways between the resources of a stack, built once."""
