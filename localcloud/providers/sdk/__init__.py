"""Types of whole packages, as the installed SDKs describe them: enough to answer a preview of any program."""
