"""The business of an application, one module per step: submit, review, decide, issue, withdraw, apply again."""
